import {
  type CancelTimer,
  type Clock,
  type Logger,
  type Message,
  ServiceError,
  type Subscription,
  Unprocessable,
} from '@tenon/contract';
import { type Settlement, Settler, type SettlingParts } from '@tenon/contract/authoring';
import type { Channels } from '../channels/channels.js';
import { ifAnswered } from '../link/if-answered.js';
import type { Session } from '../link/session.js';
import { sequenceOf } from '../wire/entry-id.js';
import type { Keyspace } from '../wire/keyspace.js';
import { entryAsItCame, messageOfEntry } from './entry-message.js';
import { type Entry, Group, isGone, startAfter } from './group.js';

/** What one acknowledged subscription is made of. */
export interface AcknowledgedSettings extends SettlingParts {
  readonly keys: Keyspace;
  readonly channels: Channels;
  /** What operators see of us in the group's list of consumers. */
  readonly name: string;
  /** Called once, as soon as it drains or closes. */
  readonly onEnd: (subscription: AcknowledgedSubscription) => void;
}

/**
 * One subscription at least once, over however many connections it lives: it takes from its group as many messages as it has handlers free,
 * when it hears that there is something new, when a handler is free again, and when a message of somebody else's may be anyone's.
 */
export class AcknowledgedSubscription implements Subscription {
  readonly #settings: AcknowledgedSettings;
  readonly #settler: Settler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #group: Group;
  /** After which entry the group is made, where it is not there. */
  #after: string;
  #session: Session | undefined;
  #hasJoined = false;
  /** What handlers run for, with how often it was handed out. */
  readonly #running = new Map<string, number>();
  /** What has been said of messages and not answered. */
  readonly #words = new Set<Promise<void>>();
  #isTaking = false;
  #isAsked = false;
  #cancelLook: CancelTimer | undefined;
  #isOpen = true;
  #stood: (failure?: ServiceError) => void = () => {};
  #idle: (() => void)[] = [];
  #released: Promise<void> | undefined;

  constructor(settings: AcknowledgedSettings) {
    const { terms, clock, logger, keys, name } = settings;
    this.#settings = settings;
    this.#settler = new Settler(settings);
    this.#clock = clock;
    this.#logger = logger;
    this.#group = new Group(keys, terms.topic, terms.queue, `${name}-${crypto.randomUUID()}`);
    this.#after = startAfter(terms.startFrom);
  }

  get topic(): string {
    return this.#settings.terms.topic;
  }

  /** Resolves when the group is there; rejects with what the server said of it. Called once, before `attach`. */
  standing(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stood = (failure) => {
        this.#stood = () => {};
        if (failure === undefined) resolve();
        else reject(failure);
      };
    });
  }

  /** Goes on with a new session; the one before is gone, and what was under way over it. */
  attach(session: Session): void {
    if (!this.#isOpen) return;
    this.#session = session;
    this.#hasJoined = false;
    this.#isTaking = false;
    void this.#begin(session);
  }

  async drain(): Promise<void> {
    await this.#release();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await ifAnswered(this.#session, this.#clock, () => this.#settled());
  }

  async close(): Promise<void> {
    await this.#release();
  }

  /** Finds or makes the group, then takes; again after a while where that fails. */
  async #begin(session: Session): Promise<void> {
    try {
      await this.#settings.channels.listen(this.#group.wakeChannel, this.#take);
      this.#after = await this.#group.join(session, this.#after);
      await this.#handBackWhatNeverCame(session);
    } catch (thrown) {
      if (!this.#isCurrent(session)) return;
      const error = ServiceError.from(thrown);
      if (error.code !== 'Unavailable') this.#stood(error);
      this.#logger.warn('Redis does not give the subscription; it is asked again', { error });
      this.#lookAfter(retryMs, () => void this.#begin(session));
      return;
    }
    if (!this.#isCurrent(session)) return;
    this.#hasJoined = true;
    this.#stood();
    this.#take();
  }

  /** What was handed out over a connection that was lost under it need not wait for its time to be over. */
  async #handBackWhatNeverCame(session: Session): Promise<void> {
    const held = await this.#group.held(session, this.#settings.terms.maxInFlight * 2);
    for (const entry of held) if (!this.#running.has(entry.id)) await this.#group.hold(session, entry, 0);
  }

  /** Also what is called when there is something new: it must not throw. */
  readonly #take = (): void => {
    const session = this.#session;
    if (session === undefined || !this.#isCurrent(session) || !this.#hasJoined) return;
    this.#isAsked = true;
    if (this.#isTaking) return;
    this.#isTaking = true;
    void this.#takeAll(session);
  };

  async #takeAll(session: Session): Promise<void> {
    const { ackWaitMs, maxInFlight, ordered } = this.#settings.terms;
    let nextMs: number | undefined;
    try {
      while (this.#isAsked && this.#isCurrent(session)) {
        this.#isAsked = false;
        const count = Math.min((ordered ? 1 : maxInFlight) - this.#running.size, maxBatch);
        const taken = await this.#group.take(session, { count: Math.max(0, count), holdMs: ackWaitMs, ordered });
        nextMs = taken.nextMs;
        for (const entry of taken.entries) this.#came(entry);
        // A whole batch: there may be more.
        if (count > 0 && taken.entries.length === count && this.#hasRoom) this.#isAsked = true;
      }
    } catch (thrown) {
      if (this.#isCurrent(session)) this.#failedToTake(session, ServiceError.from(thrown));
      return;
    }
    if (!this.#isCurrent(session)) return;
    this.#isTaking = false;
    // A message that is due while no handler is free is asked for when one is.
    const dueMs = this.#hasRoom ? Math.max(1, nextMs ?? pollMs) : pollMs;
    this.#lookAfter(Math.min(pollMs, dueMs), this.#take);
  }

  #failedToTake(session: Session, error: ServiceError): void {
    this.#isTaking = false;
    this.#hasJoined = false;
    // As after the server lost its data, or took us for dead. The group is made again where it was.
    const level = isGone(error) ? 'info' : 'warn';
    this.#logger[level]('Redis gives no messages; the subscription is made again', { error });
    this.#lookAfter(isGone(error) ? 0 : retryMs, () => void this.#begin(session));
  }

  get #hasRoom(): boolean {
    const { maxInFlight, ordered } = this.#settings.terms;
    return this.#running.size < (ordered ? 1 : maxInFlight);
  }

  #lookAfter(delayMs: number, look: () => void): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#clock.after(delayMs, look);
  }

  #came(entry: Entry): void {
    if (!this.#isOpen) {
      this.#say((session) => this.#group.hold(session, entry, 0));
      return;
    }
    const wasRunning = this.#running.has(entry.id);
    this.#running.set(entry.id, entry.attempt);
    // Its time was over while its handler ran: it is ours again, and one handler is enough.
    if (wasRunning) return;
    void this.#handle(entry).finally(() => {
      this.#running.delete(entry.id);
      this.#take();
      if (this.#running.size === 0) this.#becameIdle();
    });
  }

  #becameIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
    if (!this.#isOpen) this.#settler.close();
  }

  async #handle(entry: Entry): Promise<void> {
    const delivery = { topic: this.topic, attempt: entry.attempt, sequence: sequenceOf(entry.id) };
    const settlement = this.#settlementOf(entry);
    let message: Message;
    try {
      message = messageOfEntry(entry);
    } catch (thrown) {
      const reason = new Unprocessable(ServiceError.from(thrown).rawMessage, { cause: thrown });
      return this.#settler.refuse({ ...delivery, message: entryAsItCame(entry) }, settlement, reason);
    }
    return this.#settler.settle({ ...delivery, message }, settlement);
  }

  /** Over the session of now: the server knows the message by its id. Lost words are a redelivery. */
  #settlementOf(entry: Entry): Settlement {
    const { ackWaitMs } = this.#settings.terms;
    const hold = (forMs: number): void => {
      const attempt = this.#running.get(entry.id) ?? entry.attempt;
      this.#say((session) => this.#group.hold(session, { id: entry.id, attempt }, forMs));
    };
    return {
      ack: () => this.#say((session) => this.#group.ack(session, entry.id)),
      nack: (delayMs) => hold(delayMs),
      working: () => hold(ackWaitMs),
    };
  }

  #say(word: (session: Session) => Promise<void>): void {
    const session = this.#session;
    if (session?.isOpen !== true) return;
    const said = word(session).catch((thrown: unknown) => {
      this.#logger.debug('a message could not be settled; it comes again', { error: ServiceError.from(thrown) });
    });
    this.#words.add(said);
    void said.then(() => this.#words.delete(said));
  }

  /** Takes nothing more, and gives back what is still on its way here. Once. */
  #release(): Promise<void> {
    this.#released ??= this.#end();
    return this.#released;
  }

  async #end(): Promise<void> {
    this.#isOpen = false;
    if (this.#running.size === 0) this.#settler.close();
    this.#settings.onEnd(this);
    this.#cancelLook?.();
    this.#settings.channels.unlisten(this.#group.wakeChannel, this.#take);
    await ifAnswered(this.#session, this.#clock, async (session) => {
      // Behind the last take that may be under way, whose messages are handed back.
      await session.ping();
      await this.#settled();
      await this.#group.leave(session);
    });
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#words);
  }

  #isCurrent(session: Session): boolean {
    return this.#isOpen && this.#session === session && session.isOpen;
  }
}

/** So many are taken at once, so that one step of the server's stays short. */
const maxBatch = 256;
const retryMs = 500;
/** What is new is heard of at once; whatever else there may be is looked for so often. */
const pollMs = 2_000;
