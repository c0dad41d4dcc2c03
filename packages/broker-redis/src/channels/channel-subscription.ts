import {
  type CancelTimer,
  type Clock,
  type Delivery,
  type Logger,
  type Message,
  matchesTopic,
  ServiceError,
  type Subscription,
} from '@tenon/contract';
import { DeliveryPool, DropLog } from '@tenon/contract/authoring';
import { ifAnswered } from '../link/if-answered.js';
import type { Session } from '../link/session.js';
import { enterQueue, leaveQueue, type Member } from '../scripts/member.js';
import type { Keyspace } from '../wire/keyspace.js';
import { unpackRecord } from '../wire/record.js';
import type { Channels } from './channels.js';

/** What one subscription at most once is made of. */
export interface ChannelSettings {
  readonly topic: string;
  readonly queue: string | undefined;
  readonly handler: (delivery: Delivery) => Promise<void>;
  readonly maxInFlight: number;
  readonly maxWaitingMessages: number;
  readonly maxWaitingBytes: number;
  readonly keys: Keyspace;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, as soon as the subscription drains or closes. */
  readonly onEnd: (subscription: ChannelSubscription) => void;
}

/**
 * One subscription at most once, over however many connections it lives. A member of a queue listens to a channel of its own, to which each
 * publisher sends its share. What arrives waits here for a handler, within bounds: Redis would cut off a client that reads too slowly, so a
 * topic whose handlers cannot follow loses its newest messages instead, each counted.
 */
export class ChannelSubscription implements Subscription {
  readonly #settings: ChannelSettings;
  readonly #channel: string;
  readonly #member: Member | undefined;
  readonly #pool: DeliveryPool;
  readonly #overflow: DropLog;
  readonly #malformed: DropLog;
  #session: Session | undefined;
  #cancelEntering: CancelTimer | undefined;
  #state: 'open' | 'draining' | 'deaf' | 'closed' = 'open';
  #drained: Promise<void> | undefined;

  constructor(settings: ChannelSettings) {
    const { topic, queue, keys, clock, logger } = settings;
    const member = queue === undefined ? undefined : { id: crypto.randomUUID(), topic, queue };
    this.#settings = settings;
    this.#member = member;
    this.#channel = member === undefined ? keys.topicChannel(topic) : keys.memberChannel(member.id);
    this.#pool = new DeliveryPool(settings);
    this.#overflow = new DropLog(logger, clock, 'messages dropped: handlers are slower than their topic');
    this.#malformed = new DropLog(logger, clock, 'messages dropped: they are malformed');
  }

  get topic(): string {
    return this.#settings.topic;
  }

  /** How many messages were dropped because too many waited. */
  get overflowed(): number {
    return this.#overflow.count;
  }

  /** How many messages were dropped because they were malformed. */
  get malformed(): number {
    return this.#malformed.count;
  }

  /** Listens, and resolves when the server has it. Rejects with what the server said. */
  async begin(session: Session | undefined): Promise<void> {
    this.#session = session;
    await this.#settings.channels.listen(this.#channel, this.#receive);
    if (session !== undefined) await this.#enter(session);
  }

  /** Goes on with a new session, whose channels are subscribed to already. */
  attach(session: Session): void {
    if (this.#state !== 'open') return;
    this.#session = session;
    this.#enter(session).catch((error: unknown) => {
      if (session.isOpen) this.#settings.logger.error('Redis does not let us into the queue', { error });
    });
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#end('closed');
    this.#settings.channels.unlisten(this.#channel, this.#receive);
    this.#pool.clear();
    if (wasOpen) await ifAnswered(this.#session, this.#settings.clock, (session) => this.#leave(session));
  }

  async #drain(): Promise<void> {
    if (this.#state === 'open') {
      this.#end('draining');
      await ifAnswered(this.#session, this.#settings.clock, async (session) => {
        await this.#leave(session);
        // The pong comes behind the last message that was published before.
        await session.ping();
      });
      // Closed meanwhile, it stays closed.
      if ((this.#state as string) === 'draining') this.#state = 'deaf';
      this.#settings.channels.unlisten(this.#channel, this.#receive);
    }
    await this.#pool.idle();
    this.#overflow.end();
    this.#malformed.end();
  }

  async #enter(session: Session): Promise<void> {
    const { keys, clock, logger } = this.#settings;
    if (this.#member === undefined) return;
    await enterQueue(session, keys, this.#member);
    if (this.#state !== 'open' || this.#session !== session) return;
    // Who empties the database empties the queues too, and nobody would hear of it.
    this.#cancelEntering?.();
    this.#cancelEntering = clock.after(enterAgainMs, () => {
      this.#enter(session).catch((error: unknown) => {
        if (session.isOpen) logger.warn('Redis does not let us into the queue', { error });
      });
    });
  }

  async #leave(session: Session): Promise<void> {
    if (this.#member !== undefined) await leaveQueue(session, this.#settings.keys, this.#member);
  }

  #end(state: 'draining' | 'closed'): void {
    const wasOpen = this.#state === 'open';
    this.#state = state;
    this.#cancelEntering?.();
    if (wasOpen) this.#settings.onEnd(this);
    if (state === 'draining') return;
    this.#overflow.end();
    this.#malformed.end();
  }

  readonly #receive = (payload: Buffer): void => {
    if (this.#state === 'deaf' || this.#state === 'closed') return;
    const topicBytes = payload.indexOf(lineFeed);
    const topic = payload.toString('latin1', 0, Math.max(0, topicBytes));
    // A glob stands for more topics than its pattern.
    if (topicBytes >= 0 && !matchesTopic(this.topic, topic)) return;
    if (this.#pool.isFull(payload.length)) {
      this.#overflow.add();
      return;
    }
    let message: Message;
    try {
      // A copy: others may listen to the same, and handlers may write into what they get.
      message = unpackRecord(Buffer.from(payload.subarray(topicBytes + 1)));
    } catch (failure) {
      this.#malformed.add({ reason: ServiceError.from(failure).rawMessage });
      return;
    }
    this.#pool.run({ topic, message, attempt: 1 }, payload.length);
  };
}

const lineFeed = 0x0a;
/** So long a queue may be without its members after somebody has emptied the database. */
const enterAgainMs = 5_000;
