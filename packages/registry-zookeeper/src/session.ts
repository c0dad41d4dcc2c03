import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';
import { Link, SessionExpired } from './link.js';
import type { SessionIdentity } from './stock-client.js';
import { unavailable, zookeeperError } from './zookeeper-error.js';
import type { Endpoint, ResolvedZookeeperOptions } from './zookeeper-options.js';

/** `up`: there is a link, of the same session or a new one. `down`: there is none. `expired`: what hung on the session is gone. */
export type SessionChange = 'up' | 'down' | 'expired';

/**
 * A session with ZooKeeper, kept for ever: connected again where the connection is lost, with a backoff, and begun anew where it expired.
 *
 * It keeps the time itself: a server that cannot be reached cannot say that the session expired, so a session that was not heard of
 * for as long as the server granted counts as expired, and is never asked for again.
 */
export class Session {
  readonly timeoutMs: number;
  readonly #options: ResolvedZookeeperOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #listeners = new Set<(change: SessionChange, reason?: ServiceError) => void>();
  readonly #pause: Pause;
  /** Nodes that could not be taken out while there was no connection, and that the session would keep. */
  readonly #orphans = new Set<string>();
  readonly #endpoints: readonly Endpoint[];
  #next = 0;
  #keeping = 0;
  #link: Link | undefined;
  #identity: SessionIdentity | undefined;
  #heardAt = 0;
  #grantedMs = 0;
  #trouble: ServiceError | undefined;
  #attemptEndedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isHurried = false;
  #isClosed = false;

  constructor(timeoutMs: number, options: ResolvedZookeeperOptions, logger: Logger, clock: Clock) {
    this.timeoutMs = timeoutMs;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#pause = new Pause(clock);
    this.#endpoints = shuffled(options.endpoints);
  }

  /** Why there is no connection; `undefined` where there is one, or none was wanted yet. */
  get trouble(): ServiceError | undefined {
    return this.#link === undefined ? this.#trouble : undefined;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** Whether this is no longer the session, which expired. */
  isOver(id: string | undefined): boolean {
    return this.#identity?.id.toString('hex') !== id;
  }

  /** Calls `listener` on each change, in order. Returns the function that stops it. */
  onChange(listener: (change: SessionChange, reason?: ServiceError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The connection: at once where there is one, else the next. Rejects with why there is none when an attempt failed or took too long. */
  async connected(): Promise<Link> {
    if (this.#link !== undefined) return this.#link;
    if (this.#isClosed) throw unavailable('the session was closed');
    return new Promise((resolve, reject) => {
      const waitMs = this.#options.connectTimeoutMs;
      let stopHurrying = (): void => {};
      const settle = (): void => {
        stopHurrying();
        cancel();
        stop();
        if (this.#link !== undefined) resolve(this.#link);
        else reject(this.#trouble ?? unavailable(`ZooKeeper did not answer within ${waitMs} ms`));
      };
      const stop = this.onChange((change) => change !== 'expired' && settle());
      const cancel = this.#clock.after(waitMs, settle);
      this.#running ??= this.#run();
      // Whoever asks need not wait until the backoff is over, but does not make it shorter than its first step either.
      const hurryMs = this.#attemptEndedAt + this.#options.backoff.baseMs - this.#clock.now();
      stopHurrying = this.#clock.after(Math.max(0, hurryMs), () => this.#hurry());
    });
  }

  #hurry(): void {
    this.#isHurried = true;
    this.#pause.wake();
  }

  /** There is one more entry to be kept, which makes it come back sooner. Returns the function that takes this back. */
  keeping(): () => void {
    this.#keeping += 1;
    let isKept = true;
    return () => {
      if (isKept) this.#keeping -= 1;
      isKept = false;
    };
  }

  /** Takes a node out, now or when there is a connection, where the session lives that long. Rejects where not now. */
  async remove(path: string): Promise<void> {
    const link = this.#link;
    if (link === undefined) {
      if (this.#identity !== undefined) this.#orphans.add(path);
      throw this.#trouble ?? unavailable('there is no connection with ZooKeeper');
    }
    try {
      const found = await link.stat(path);
      if (found !== undefined && link.owns(found)) await link.remove(path);
    } catch (thrown) {
      this.#orphans.add(path);
      throw thrown;
    }
  }

  /** A node is wanted again. */
  adopt(path: string): void {
    this.#orphans.delete(path);
  }

  /** Ends it. Twice is fine. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pause.wake();
    await this.#link?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      try {
        const link = await this.#open();
        if (this.#isClosed) {
          await link.close();
          break;
        }
        const since = this.#clock.now();
        await this.#follow(link);
        failures = this.#clock.now() - since > link.timeoutMs ? 0 : failures + 1;
      } catch (thrown) {
        // A new session can begin at once, where the server has just said so.
        if (!(thrown instanceof SessionExpired)) failures += 1;
        this.#failed(thrown, failures);
        if (thrown instanceof SessionExpired) continue;
      }
      this.#attemptEndedAt = this.#clock.now();
      if (!this.#isClosed) await this.#untilNextAttempt(failures);
    }
    this.#running = undefined;
  }

  async #open(): Promise<Link> {
    const endpoint = this.#endpoints[this.#next % this.#endpoints.length] as Endpoint;
    this.#next += 1;
    const link = await Link.open(endpoint, this.timeoutMs, this.#identity, this.#options, this.#clock);
    this.#identity = link.identity;
    this.#grantedMs = link.timeoutMs;
    return link;
  }

  async #follow(link: Link): Promise<void> {
    try {
      for (const path of this.#orphans) {
        const found = await link.stat(path);
        if (found !== undefined && link.owns(found) && this.#orphans.has(path)) await link.remove(path);
        this.#orphans.delete(path);
      }
    } catch (thrown) {
      link.destroy(zookeeperError(thrown));
    }
    this.#link = link.isEnded ? undefined : link;
    if (this.#link !== undefined) {
      this.#logger.debug('connected with ZooKeeper', { session: link.identity.id.toString('hex') });
      this.#tell('up');
    }
    const reason = await link.ended;
    this.#heardAt = link.heardAt;
    this.#link = undefined;
    this.#trouble = reason;
    if (this.#isClosed) return;
    this.#logger.warn('the connection with ZooKeeper was lost', { error: reason });
    this.#tell('down', reason);
    this.#expireWhenDue();
  }

  #failed(thrown: unknown, failures: number): void {
    if (thrown instanceof SessionExpired) {
      this.#expired();
      return;
    }
    this.#trouble = zookeeperError(thrown);
    this.#logger.debug('no connection with ZooKeeper', { error: this.#trouble });
    // Another member may do.
    if (failures % this.#endpoints.length === 0) this.#tell('down', this.#trouble);
    this.#expireWhenDue();
  }

  async #untilNextAttempt(failures: number): Promise<void> {
    const { backoff, watchBackoff, endpoints } = this.#options;
    const isKeeping = this.#keeping > 0;
    // All members are tried before the first wait. After a loss, who only reads has its last set, and lets the herd pass.
    if (failures === 0 ? isKeeping : failures % endpoints.length !== 0) return;
    const round = Math.max(1, failures / endpoints.length);
    const until = this.#clock.now() + backoffMs(round, isKeeping ? backoff : watchBackoff);
    this.#isHurried = false;
    for (let now = this.#clock.now(); now < until && !this.#isHurried && !this.#isClosed; now = this.#clock.now()) {
      const endsAt = this.#identity === undefined ? until : this.#heardAt + this.#grantedMs;
      await this.#pause.for(Math.max(0, Math.min(until, endsAt) - now));
      this.#expireWhenDue();
    }
  }

  #expireWhenDue(): void {
    if (this.#identity !== undefined && this.#clock.now() - this.#heardAt >= this.#grantedMs) this.#expired();
  }

  #expired(): void {
    this.#identity = undefined;
    this.#orphans.clear();
    this.#logger.info('the session with ZooKeeper expired', { grantedMs: this.#grantedMs });
    this.#tell('expired', unavailable(`the session with ZooKeeper expired (${Math.round(this.#grantedMs)} ms)`));
  }

  #tell(change: SessionChange, reason?: ServiceError): void {
    for (const listener of [...this.#listeners]) listener(change, reason);
  }
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, rank: Math.random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}
