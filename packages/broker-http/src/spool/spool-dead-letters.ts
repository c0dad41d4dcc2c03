import { type DeadLetter, type DeadLetterQuery, type DeadLetters, type Message, ServiceError } from '@tenon/contract';
import { checkedNumber, deadLetterTopic, readDeadLetter, requeuedMessage } from '@tenon/contract/authoring';
import { unpackEnvelope } from '../wire/go-micro-envelope.js';
import type { SpoolStore, StoredMessage } from './spool-store.js';

/** The dead letters of one spool: what the subscriptions of this process have given up. The newest {@link maxLetters} are kept. */
export class SpoolDeadLetters implements DeadLetters {
  readonly #store: SpoolStore;
  readonly #publish: (topic: string, message: Message) => Promise<number>;

  constructor(store: SpoolStore, publish: (topic: string, message: Message) => Promise<number>) {
    this.#store = store;
    this.#publish = publish;
  }

  async list({ topic, limit: given }: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = checkedNumber('deadLetters.limit', given, { min: 1, max: 10_000, fallback: 100 });
    const prefix = topic === undefined ? `${deadLetterTopic}.` : undefined;
    return this.#store
      .letters(topic ?? deadLetterTopic, prefix, limit)
      .flatMap(({ id, ...stored }) => letterOf(id, stored) ?? []);
  }

  async requeue(id: string): Promise<void> {
    const stored = this.#store.letter(numberOf(id));
    const letter = stored === undefined ? undefined : letterOf(numberOf(id), stored);
    if (letter === undefined) throw new ServiceError('NotFound', `there is no dead letter ${id}`, { executed: 'no' });
    const targets = await this.#publish(letter.topic, requeuedMessage(letter));
    if (targets === 0) {
      const whose = letter.queue === undefined ? 'no subscriber' : `no member of queue ${letter.queue}`;
      throw new ServiceError('Unavailable', `${whose} is known here for ${letter.topic}; dead letter ${id} stays`, {
        executed: 'no',
      });
    }
    await this.#store.removeLetter(numberOf(id));
  }

  async remove(id: string): Promise<boolean> {
    return this.#store.removeLetter(numberOf(id));
  }
}

function letterOf(id: number, { body, timeMs }: StoredMessage): DeadLetter | undefined {
  return readDeadLetter(String(id), { ...unpackEnvelope(body).message, timeMs });
}

function numberOf(id: string): number {
  return /^\d{1,15}$/.test(id) ? Number(id) : -1;
}

export const maxLetters = 10_000;
