import { type Clock, type Logger, type RegistryEvent, ServiceError } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause, WatchTeller } from '@tenon/contract/authoring';
import { EntrySet } from './entry-set.js';
import type { EtcdConnection } from './etcd-connection.js';
import type { ResolvedEtcdOptions } from './etcd-options.js';
import { rangeOf } from './key-range.js';
import { servicePrefix } from './record-keys.js';
import type { RecordReader } from './record-reader.js';
import { WatchStream } from './watch-stream.js';

/** What a watch works with. */
export interface ServiceWatchContext {
  readonly connection: EtcdConnection;
  readonly reader: RecordReader;
  readonly options: ResolvedEtcdOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Follows one service: reads the whole set, then its changes from that revision on, and reads the whole set again after
 * every interruption and every minute. So an event that etcd never sent (compacted, wiped, restored, half open) leaves
 * no ghost: nothing is resumed from where it broke.
 *
 * While etcd is away the last set stands: readers get one `error` for each interruption, and a `set` when it is over.
 */
export class ServiceWatch {
  readonly #service: string;
  readonly #context: ServiceWatchContext;
  readonly #teller: WatchTeller;
  readonly #prefix: string;
  readonly #entries: EntrySet;
  readonly #pause: Pause;
  #isStopped = false;
  /** The newest revision of etcd that was seen. */
  #revision = 0;
  #graceEndsAt = Number.NEGATIVE_INFINITY;

  /** Begins at once, and feeds `events` until `stop`. */
  constructor(service: string, context: ServiceWatchContext, events: LatestValue<RegistryEvent>) {
    this.#service = service;
    this.#context = context;
    this.#teller = new WatchTeller(events);
    this.#prefix = servicePrefix(context.options.prefix, service);
    this.#entries = new EntrySet(context.reader);
    this.#pause = new Pause(context.clock);
    void this.#run();
  }

  /** Ends it. Twice is fine. */
  stop(): void {
    this.#isStopped = true;
    this.#pause.wake();
  }

  async #run(): Promise<void> {
    const { clock, options } = this.#context;
    for (let failures = 0; !this.#isStopped; ) {
      const since = clock.now();
      const interruption = await this.#listAndFollow();
      if (interruption === undefined || this.#isStopped) continue;
      this.#interrupted(interruption);
      const wasStable = clock.now() - since > Math.max(options.silenceTimeoutMs, options.callTimeoutMs);
      failures = wasStable ? 1 : failures + 1;
      await this.#untilNextAttempt(failures);
    }
  }

  /**
   * Waits, the longer the more attempts have failed, or until etcd has answered somebody else: but never less than before the
   * first repetition, so that a watch that alone is refused does not follow the calls of others.
   */
  async #untilNextAttempt(failures: number): Promise<void> {
    const { connection, clock, options, logger } = this.#context;
    const waitMs = backoffMs(failures, options.watchBackoff);
    const earliest = clock.now() + Math.min(waitMs, backoffMs(1, options.watchBackoff));
    logger.debug('a watch is tried again', { service: this.#service, attempt: failures, waitMs: Math.round(waitMs) });
    const stopListening = connection.onAnswer(() => this.#pause.wake());
    await this.#pause.for(waitMs);
    stopListening();
    const leftMs = earliest - clock.now();
    if (leftMs > 0 && !this.#isStopped) await this.#pause.for(leftMs);
  }

  /** Resolves with what interrupted it, or with `undefined` when it is time to read the set again. */
  async #listAndFollow(): Promise<ServiceError | undefined> {
    try {
      await this.#list();
      return this.#isStopped ? undefined : await this.#follow();
    } catch (thrown) {
      return ServiceError.from(thrown);
    }
  }

  async #list(): Promise<void> {
    const { connection, clock, options, logger } = this.#context;
    const { header, kvs } = await connection.kv.range(rangeOf(this.#prefix));
    if (this.#isStopped) return;
    const revision = Number(header.revision);
    if (revision < this.#revision) {
      // Wiped, or restored from a backup. Whoever lives is registering again at this moment.
      this.#graceEndsAt = clock.now() + options.restoreGraceMs;
      logger.warn('etcd came back with older data', { service: this.#service, was: this.#revision, is: revision });
    }
    if (this.#teller.isInterrupted && this.#entries.isMostlyMissingFrom(kvs)) {
      // An etcd that stood still ends all leases that it has not heard of, and whoever lives is registering again, too.
      this.#graceEndsAt = clock.now() + options.restoreGraceMs;
      logger.warn('most nodes were gone when etcd came back; they are kept for a while', { service: this.#service });
    }
    this.#revision = revision;
    this.#entries.replace(kvs, clock.now() < this.#graceEndsAt);
    this.#publish();
  }

  async #follow(): Promise<ServiceError | undefined> {
    const { connection, clock, options } = this.#context;
    let interruption: ServiceError | undefined;
    const stream = new WatchStream({
      connection,
      clock,
      prefix: this.#prefix,
      afterRevision: this.#revision,
      silenceTimeoutMs: options.silenceTimeoutMs,
      onEvents: (events, revision) => {
        this.#revision = Math.max(this.#revision, revision);
        this.#entries.apply(events);
        this.#publish();
      },
    });
    void stream.ended.then((reason) => {
      interruption = reason;
      this.#pause.wake();
    });
    await this.#pause.for(this.#untilNextList());
    const reason = interruption;
    stream.close();
    // Compacted: nothing is wrong with etcd, only with where we stood.
    return reason?.code === 'OutOfRange' ? undefined : reason;
  }

  #untilNextList(): number {
    const { clock, options } = this.#context;
    const graceMs = this.#graceEndsAt - clock.now();
    const intervalMs = options.relistIntervalMs * (0.9 + 0.2 * Math.random());
    return graceMs > 0 ? Math.min(graceMs, intervalMs) : intervalMs;
  }

  #publish(): void {
    const isHealed = this.#teller.set(this.#entries.recordsOf(this.#service));
    if (isHealed) this.#context.logger.info('a watch is whole again', { service: this.#service });
  }

  #interrupted(error: ServiceError): void {
    if (!this.#teller.interrupted(error)) return;
    this.#context.logger.warn('a watch was interrupted, its last set stands', { service: this.#service, error });
  }
}
