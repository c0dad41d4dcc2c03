import { createHash } from 'node:crypto';
import {
  type Clock,
  type DeadLetter,
  type DeadLetterQuery,
  type DeadLetters,
  type Message,
  ServiceError,
} from '@tenon/contract';
import {
  checkedNumber,
  deadLetterTopic,
  inTime,
  Pause,
  readDeadLetter,
  requeuedMessage,
  untilAborted,
} from '@tenon/contract/authoring';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { deadLetterQueue, type LayoutOptions } from './layout.js';
import { unpack } from './message-form.js';
import { rabbitmqError, replyCode } from './rabbitmq-error.js';

/** What the dead letters are read with. */
export interface RabbitmqDeadLettersParts {
  readonly layout: LayoutOptions;
  /** The connection of now. Rejects where there is none in time. */
  readonly connection: (signal: AbortSignal | undefined) => Promise<ChannelModel>;
  readonly publish: (topic: string, message: Message) => Promise<void>;
  /** How long one may wait for its turn, or for the server. */
  readonly patienceMs: number;
  readonly clock: Clock;
}

/** What is done with a letter that is looked at: kept where it is, or taken out; and whether there is more to see. */
type Look = (letter: DeadLetter) => Promise<'next' | 'stop' | 'take'>;

/**
 * The dead letters in RabbitMQ: durable queues, bound to their topics.
 *
 * A queue cannot be read without taking from it. So whoever looks takes all, as the queue's exclusive consumer, and lets go of all but
 * what is to be removed: with nobody else taking meanwhile, the server puts each back in its place. Others wait for their turn.
 */
export class RabbitmqDeadLetters implements DeadLetters {
  readonly #parts: RabbitmqDeadLettersParts;

  constructor(parts: RabbitmqDeadLettersParts) {
    this.#parts = parts;
  }

  /** Makes sure that what is published to a topic is kept. */
  async keep(topic: string, connection: ChannelModel): Promise<void> {
    const channel = await openChannel(connection);
    await this.#declare(channel, topic);
    await channel.close();
  }

  async list({ topic, limit: given, signal }: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = checkedNumber('deadLetters.limit', given, { min: 1, max: 10_000, fallback: 100 });
    const found: DeadLetter[] = [];
    await this.#look(topic ?? deadLetterTopic, topic, signal, async (letter) => {
      found.push(letter);
      return found.length < limit ? 'next' : 'stop';
    });
    return found;
  }

  async requeue(id: string): Promise<void> {
    const isDone = await this.#take(id, (letter) => this.#parts.publish(letter.topic, requeuedMessage(letter)));
    if (!isDone) throw new ServiceError('NotFound', `there is no dead letter ${id}`, { executed: 'no' });
  }

  remove(id: string): Promise<boolean> {
    return this.#take(id, async () => {});
  }

  /** Does something with a letter and takes it out, while nobody else can. */
  async #take(id: string, work: (letter: DeadLetter) => Promise<void>): Promise<boolean> {
    const [, topic] = /^([\w:.-]+)#[0-9a-f]{24}$/.exec(id) ?? [];
    if (topic === undefined) return false;
    let isTaken = false;
    await this.#look(topic, topic, undefined, async (letter) => {
      if (letter.id !== id) return 'next';
      await work(letter);
      isTaken = true;
      return 'take';
    });
    return isTaken;
  }

  async #look(queueOf: string, topic: string | undefined, signal: AbortSignal | undefined, look: Look): Promise<void> {
    const { connection, clock, patienceMs } = this.#parts;
    const end = clock.now() + patienceMs;
    const pause = new Pause(clock);
    for (;;) {
      const channel = await openChannel(await connection(signal));
      const walk = new Walk(channel, topic, look);
      try {
        const name = await this.#declare(channel, queueOf);
        await untilAborted(inTime(walk.through(name), Math.max(1, end - clock.now()), clock), signal);
        return;
      } catch (thrown) {
        const isTaken = replyCode(thrown) === 403 && /exclusive/.test(String(thrown));
        if (!isTaken || clock.now() >= end) throw rabbitmqError(thrown, 'the dead letters cannot be read');
      } finally {
        walk.stop();
        // What is not acknowledged goes back to its place.
        await closed(channel);
      }
      await pause.for(turnMs);
    }
  }

  async #declare(channel: Channel, topic: string): Promise<string> {
    const { layout } = this.#parts;
    const { name, key } = deadLetterQueue(topic, layout);
    await channel.assertQueue(name, { durable: true });
    await channel.bindQueue(name, layout.durableExchange, key);
    return name;
  }
}

/** One pass over a queue, over a channel that is used for nothing else. */
class Walk {
  readonly #channel: Channel;
  readonly #topic: string | undefined;
  readonly #look: Look;
  /** Looks at the messages one after the other. */
  #chain = Promise.resolve();
  #hasEnded = false;

  constructor(channel: Channel, topic: string | undefined, look: Look) {
    this.#channel = channel;
    this.#topic = topic;
    this.#look = look;
  }

  /** Resolves when every message has been looked at, or the look was enough. */
  async through(queue: string): Promise<void> {
    let failed = (_failure: unknown): void => {};
    const gone = new Promise<never>((_, reject) => {
      failed = reject;
    });
    gone.catch(() => {});
    // Before its end the channel says why, as that the queue is another's now.
    this.#channel.once('error', failed);
    this.#channel.once('close', () => failed(new ServiceError('Unavailable', 'the connection ended')));
    await Promise.race([gone, this.#read(queue)]);
  }

  stop(): void {
    this.#hasEnded = true;
  }

  async #read(queue: string): Promise<void> {
    const channel = this.#channel;
    let failure: unknown;
    const receive = (received: ConsumeMessage | null): void => {
      this.#chain = this.#chain
        .then(() => this.#see(received))
        .catch((thrown: unknown) => {
          failure = thrown;
          this.#hasEnded = true;
        });
    };
    await channel.consume(queue, receive, { exclusive: true });
    // It is ours alone from here on: when nothing is left in it, all is on its way to us, ahead of the next answer.
    while (!this.#hasEnded && (await channel.checkQueue(queue)).messageCount > 0) await this.#chain;
    if (!this.#hasEnded) await channel.checkQueue(queue);
    await this.#chain;
    if (failure !== undefined) throw failure;
  }

  async #see(received: ConsumeMessage | null): Promise<void> {
    if (this.#hasEnded) return;
    if (received === null) throw new ServiceError('Unavailable', 'the queue of the dead letters was deleted');
    const letter = readLetter(received, this.#topic);
    const verdict = letter === undefined ? 'next' : await this.#look(letter);
    if (this.#hasEnded) return;
    if (verdict === 'take') this.#channel.ack(received);
    if (verdict !== 'next') this.#hasEnded = true;
  }
}

function readLetter(received: ConsumeMessage, topic: string | undefined): DeadLetter | undefined {
  if (topic !== undefined && received.fields.routingKey !== topic) return undefined;
  try {
    const { message } = unpack(received, 0);
    return readDeadLetter(idOf(received), message);
  } catch {
    // Somebody else's message on the topic.
    return undefined;
  }
}

/** The same for the same letter whoever looks: its topic, and a digest of what makes it this one. */
function idOf({ fields, properties, content }: ConsumeMessage): string {
  const headers = Object.entries(properties.headers ?? {}).filter(([, value]) => typeof value === 'string');
  const whole = JSON.stringify([fields.routingKey, headers.sort(([left], [right]) => (left < right ? -1 : 1))]);
  const digest = createHash('sha256').update(whole).update(content).digest('hex').slice(0, 24);
  return `${fields.routingKey}#${digest}`;
}

async function openChannel(connection: ChannelModel): Promise<Channel> {
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    return channel;
  } catch (thrown) {
    throw rabbitmqError(thrown, 'RabbitMQ gives no channel', { executed: 'no' });
  }
}

/** Twice is fine, and so is a channel that the server has closed. */
async function closed(channel: Channel): Promise<void> {
  try {
    await channel.close();
  } catch {
    // It is closed.
  }
}

const turnMs = 50;
