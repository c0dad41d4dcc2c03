import { type Clock, type DeadLetters, type Delivery, type Logger, type Message, ServiceError } from '@tenon/contract';
import { DropLog, deadLetterMessage, deadLetterTopic, isForQueue, TopicTable } from '@tenon/contract/authoring';
import type { ResolvedSpoolOptions } from '../http-broker-options.js';
import type { Poster } from '../publisher/poster.js';
import type { SubscriberDirectory } from '../publisher/subscriber-directory.js';
import { packEnvelope, unpackEnvelope } from '../wire/go-micro-envelope.js';
import type { Subscriber } from '../wire/subscriber-record.js';
import type { Entry } from './entry-line.js';
import { maxLetters, SpoolDeadLetters } from './spool-dead-letters.js';
import { type SpoolFolder, takeFolder } from './spool-owner.js';
import { SpoolStore, type StoredMessage } from './spool-store.js';
import { SpoolTarget, type TargetTerms } from './spool-target.js';
import { keyOfQueue, keyOfSubscriber, termsOfKey } from './target-key.js';

/** What a {@link Spool} works with. */
export interface SpoolParts {
  readonly options: ResolvedSpoolOptions;
  readonly maxConnections: number;
  readonly directory: SubscriberDirectory;
  readonly poster: Poster;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * At least once: what was published stays in a folder until the queues and subscribers that are to have it have handled it, over
 * the end of this process too.
 */
export class Spool {
  readonly deadLetters: DeadLetters;
  readonly #parts: SpoolParts;
  readonly #folder: SpoolFolder;
  readonly #store: SpoolStore;
  readonly #targets = new Map<string, SpoolTarget>();
  readonly #queues = new TopicTable<SpoolTarget>();
  /** When a target was last seen to have a member, on the clock of `wallTime`; and what of it the disk knows. */
  readonly #seen = new Map<string, { atMs: number; storedMs: number }>();
  readonly #abandoned: DropLog;
  #count = 0;
  #cancelSweep: () => void = () => {};
  #settling: (() => void)[] = [];
  #isClosed = false;

  private constructor(parts: SpoolParts, folder: SpoolFolder, store: SpoolStore) {
    this.#parts = parts;
    this.#folder = folder;
    this.#store = store;
    this.#abandoned = new DropLog(
      parts.logger,
      parts.clock,
      'messages at least once were given up: nobody is left for them',
    );
    this.deadLetters = new SpoolDeadLetters(store, (topic, message) => this.publish(topic, message));
  }

  /** Takes the folder, and goes on with what it holds. Rejects with `FailedPrecondition` where another process has it. */
  static async open(parts: SpoolParts): Promise<Spool> {
    const folder = await takeFolder(parts.options.path);
    try {
      const store = await SpoolStore.open(folder.file, parts.clock, parts.logger);
      const spool = new Spool(parts, folder, store);
      spool.#restore();
      return spool;
    } catch (error) {
      await folder.release();
      throw error;
    }
  }

  /**
   * Keeps a message for whoever is to have it at least once, and resolves with for how many once it is on disk. Rejects with
   * `ResourceExhausted` where as much is kept as may be, and with `Unavailable` where the disk takes no more.
   */
  async publish(topic: string, message: Message, body: Buffer = packEnvelope(topic, message)): Promise<number> {
    const queues = this.#queues.matching(topic).filter(({ terms }) => isForQueue(message, terms.queue));
    const plain = this.#parts.directory
      .matching(topic)
      .filter((one) => isPlain(one) && isForQueue(message, undefined))
      .map(keyOfSubscriber);
    const keys = [...queues.map(({ terms }) => terms.key), ...plain];
    if (keys.length > 0) await this.#keep({ topic, body, timeMs: message.timeMs }, keys);
    return keys.length;
  }

  /** Keeps a message that arrived for a subscription of this process and would not come again. */
  async adopt(message: StoredMessage, { id, topic, queue }: Subscriber): Promise<void> {
    await this.#keep(message, [queue === undefined ? keyOfSubscriber({ id, topic }) : keyOfQueue(topic, queue)]);
  }

  /** Keeps a dead letter, and resolves once it is on disk. */
  async bury(topic: string, message: Message): Promise<void> {
    const body = packEnvelope(topic, message);
    await this.publish(topic, message, body);
    await this.#store.addLetter({ topic, body, timeMs: message.timeMs }, maxLetters);
  }

  /** Takes up who subscribes now; called after each change of the directory. */
  update(): void {
    if (this.#isClosed) return;
    const now = this.#parts.clock.wallTime();
    const members = new Map<string, Subscriber[]>();
    for (const one of this.#parts.directory.all.values()) {
      if (one.tenon?.delivery !== 'atLeastOnce') continue;
      const key = one.queue === undefined ? keyOfSubscriber(one) : keyOfQueue(one.topic, one.queue);
      if (!members.get(key)?.push(one)) members.set(key, [one]);
    }
    for (const [key, found] of members) this.#seenWith(key, found, now);
    for (const [key, target] of this.#targets) target.use(members.get(key) ?? []);
  }

  /** Resolves when nothing is with a subscriber. */
  settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => this.#settling.push(resolve));
  }

  /** Posts nothing more; what is not handled stays for the next start. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelSweep();
    this.#abandoned.end();
    if (this.#count > 0) {
      const { path } = this.#parts.options;
      this.#parts.logger.info('messages at least once stay in the spool', { messages: this.#count, path });
    }
    for (const target of this.#targets.values()) target.close();
    this.#store.close();
    await this.#folder.release();
  }

  /** Stops handing out, so that what is with subscribers can end. */
  pause(): void {
    for (const target of this.#targets.values()) target.close();
  }

  #restore(): void {
    const now = this.#parts.clock.wallTime();
    for (const { pattern, queue, isOrdered, seenMs } of this.#store.queues()) {
      const target = this.#targetOf(keyOfQueue(pattern, queue));
      target.terms.isOrdered = isOrdered;
      this.#seen.set(target.terms.key, { atMs: seenMs, storedMs: seenMs });
    }
    for (const entry of this.#store.entries()) {
      this.#count += 1;
      this.#targetOf(entry.target).add({ ...entry });
      // Whoever it was for has as long to come back as one that left just now.
      if (!this.#seen.has(entry.target)) this.#seen.set(entry.target, { atMs: now, storedMs: now });
    }
    this.update();
    this.#sweepLater();
  }

  async #keep(message: StoredMessage, keys: readonly string[]): Promise<void> {
    const { maxMessages, maxBytes } = this.#parts.options;
    if (this.#count + keys.length > maxMessages || this.#store.bytes + message.body.length > maxBytes) {
      const text = `the spool keeps ${this.#count} messages and ${this.#store.bytes} bytes, which is as much as it may`;
      const mend = 'look why their subscribers do not handle them, or raise spool.maxMessages or spool.maxBytes';
      throw new ServiceError('ResourceExhausted', `${text}; ${mend}`, { executed: 'no' });
    }
    this.#count += keys.length;
    try {
      const entries = await this.#store.add(message, keys);
      if (this.#isClosed) return;
      for (const entry of entries) this.#targetOf(entry.target).add({ ...entry });
    } catch (error) {
      this.#count -= keys.length;
      throw error;
    }
  }

  #seenWith(key: string, members: readonly Subscriber[], atMs: number): void {
    const { terms } = this.#targetOf(key);
    const isOrdered = members.some(({ tenon }) => tenon?.ordered === true);
    const seen = this.#seen.get(key);
    const isStale = seen === undefined || atMs - seen.storedMs > this.#parts.options.forgetQueueAfterMs / 100;
    const storedMs = isStale || isOrdered !== terms.isOrdered ? atMs : seen.storedMs;
    terms.isOrdered = isOrdered;
    if (storedMs === atMs && terms.queue !== undefined) {
      this.#store.noteQueue({ pattern: terms.pattern, queue: terms.queue, isOrdered, seenMs: atMs });
    }
    this.#seen.set(key, { atMs, storedMs });
  }

  #targetOf(key: string): SpoolTarget {
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const { poster, clock, maxConnections } = this.#parts;
    const target = new SpoolTarget(termsOfKey(key), {
      store: this.#store,
      poster,
      clock,
      maxConnections,
      giveUp: (entry, terms, reason) => void this.#giveUp(entry, terms, reason),
      onDone: () => {
        this.#count -= 1;
      },
      onPosted: () => this.#posted(),
    });
    this.#targets.set(key, target);
    if (target.terms.queue !== undefined) this.#queues.add(target.terms.pattern, target);
    return target;
  }

  #posted(): void {
    if (this.#settling.length === 0 || !this.#isSettled()) return;
    for (const resolve of this.#settling.splice(0)) resolve();
  }

  #isSettled(): boolean {
    return [...this.#targets.values()].every(({ inFlight }) => inFlight === 0);
  }

  #sweepLater(): void {
    const everyMs = Math.min(this.#parts.options.abandonAfterMs / 4, 60_000);
    this.#cancelSweep = this.#parts.clock.after(everyMs, () => {
      this.#sweep();
      this.#sweepLater();
    });
  }

  /** Forgets subscribers that have left for long, and queues that had no member for much longer. */
  #sweep(): void {
    if (!this.#parts.directory.isReady) return;
    this.update();
    const now = this.#parts.clock.wallTime();
    const { abandonAfterMs, forgetQueueAfterMs } = this.#parts.options;
    for (const [key, target] of this.#targets) {
      const { pattern, queue } = target.terms;
      const allowedMs = queue === undefined ? abandonAfterMs : forgetQueueAfterMs;
      if (now - (this.#seen.get(key)?.atMs ?? now) < allowedMs) continue;
      for (const entry of target.abandon()) {
        this.#abandoned.add({ topic: pattern, queue });
        this.#count -= 1;
        this.#store.remove(entry);
      }
      this.#targets.delete(key);
      this.#queues.delete(pattern, target);
      this.#seen.delete(key);
      if (queue !== undefined) this.#store.forgetQueue({ pattern, queue });
    }
  }

  /** What no subscriber can read is a dead letter of this side. */
  async #giveUp(entry: Entry, { queue }: TargetTerms, reason: string): Promise<void> {
    const stored = this.#store.message(entry.message);
    const topic = queue === undefined ? deadLetterTopic : `${deadLetterTopic}.${queue}`;
    this.#parts.logger.error('an event was given up and is among the dead letters', {
      topic: stored?.topic,
      queue,
      reason,
    });
    if (stored !== undefined) {
      const { message } = unpackEnvelope(stored.body);
      const whole: Message = { ...message, timeMs: stored.timeMs };
      const delivery: Delivery = { topic: stored.topic, message: whole, attempt: entry.attempts };
      const error = ServiceError.refusal('Unavailable', reason);
      const letter = deadLetterMessage(delivery, queue, error, this.#parts.clock.wallTime());
      // Where the disk takes no more the entry stays, and comes again with the next start.
      const isKept = await this.#bury(topic, letter);
      if (!isKept) return;
    }
    this.#store.remove(entry);
    this.#count -= 1;
  }

  async #bury(topic: string, letter: Message): Promise<boolean> {
    try {
      await this.bury(topic, letter);
      return true;
    } catch (error) {
      this.#parts.logger.error('a dead letter cannot be kept now', { topic, error });
      return false;
    }
  }
}

function isPlain({ queue, tenon }: Subscriber): boolean {
  return queue === undefined && tenon?.delivery === 'atLeastOnce';
}
