import type { NatsConnection } from '@nats-io/transport-node';
import { type DeadLetter, type DeadLetterQuery, type DeadLetters, type Message, ServiceError } from '@tenon/contract';
import { checkedNumber, deadLetterTopic, readDeadLetter, requeuedMessage } from '@tenon/contract/authoring';
import type { Envelope } from '../envelope.js';
import { askJetStream } from './jetstream-api.js';
import { storedMessage } from './stored-message.js';

/** What the dead letters are read with. */
export interface NatsDeadLettersParts {
  /** The connection of now. Rejects where there is none in time. */
  readonly connection: (signal: AbortSignal | undefined) => Promise<NatsConnection>;
  readonly streamOf: (topic: string, connection: NatsConnection) => Promise<string>;
  readonly envelope: Envelope;
  readonly publish: (topic: string, message: Message) => Promise<void>;
}

/** The dead letters in JetStream: messages of their topics' streams, told by their place there. Ids are `STREAM:PLACE`. */
export class NatsDeadLetters implements DeadLetters {
  readonly #parts: NatsDeadLettersParts;

  constructor(parts: NatsDeadLettersParts) {
    this.#parts = parts;
  }

  async list({ topic, limit: given, signal }: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = checkedNumber('deadLetters.limit', given, { min: 1, max: 10_000, fallback: 100 });
    const connection = await this.#parts.connection(signal);
    const stream = await this.#parts.streamOf(topic ?? deadLetterTopic, connection);
    const found: DeadLetter[] = [];
    for (let sequence = 1; found.length < limit; ) {
      signal?.throwIfAborted();
      const stored = await storedMessage(connection, stream, { seq: sequence, next_by_subj: topic ?? '>' });
      if (stored === undefined) break;
      sequence = stored.seq + 1;
      const letter = this.#read(stream, stored);
      if (letter !== undefined) found.push(letter);
    }
    return found;
  }

  async requeue(id: string): Promise<void> {
    const place = placeOf(id);
    const connection = await this.#parts.connection(undefined);
    const stored = place === undefined ? undefined : await storedMessage(connection, place.stream, { seq: place.seq });
    const letter = stored === undefined || place === undefined ? undefined : this.#read(place.stream, stored);
    if (letter === undefined) throw new ServiceError('NotFound', `there is no dead letter ${id}`, { executed: 'no' });
    await this.#parts.publish(letter.topic, requeuedMessage(letter));
    await this.remove(id);
  }

  async remove(id: string): Promise<boolean> {
    const place = placeOf(id);
    if (place === undefined) return false;
    const connection = await this.#parts.connection(undefined);
    if ((await storedMessage(connection, place.stream, { seq: place.seq })) === undefined) return false;
    const { success } = await askJetStream<{ readonly success?: boolean }>(
      connection,
      `STREAM.MSG.DELETE.${place.stream}`,
      { seq: place.seq },
    );
    return success === true;
  }

  #read(
    stream: string,
    { seq, data, headers }: Awaited<ReturnType<typeof storedMessage>> & object,
  ): DeadLetter | undefined {
    try {
      return readDeadLetter(
        `${stream}:${seq}`,
        this.#parts.envelope.unpack(headers === undefined ? { data } : { data, headers }),
      );
    } catch {
      // Somebody else's message on the topic.
      return undefined;
    }
  }
}

function placeOf(id: string): { readonly stream: string; readonly seq: number } | undefined {
  const match = /^([^\s.*>]+):(\d{1,15})$/.exec(id);
  return match === null ? undefined : { stream: match[1] ?? '', seq: Number(match[2]) };
}
