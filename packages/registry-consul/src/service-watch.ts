import { type Clock, type Logger, type RegistryEvent, ServiceError, type ServiceRecord } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause, WatchTeller } from '@tenon/contract/authoring';
import type { ConsulClient, Instances } from './consul-client.js';
import type { ResolvedConsulOptions } from './consul-options.js';
import type { InstanceReader } from './instance-reader.js';

/** What a watch needs of its registry. */
export interface ServiceWatchContext {
  readonly client: ConsulClient;
  readonly reader: InstanceReader;
  readonly options: ResolvedConsulOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Follows one service by blocking queries: each is answered when there is a newer index, or when its time is over. Once Consul was away,
 * or its index went backwards (a server that was wiped or restored), nodes that are missing are kept for a while.
 */
export class ServiceWatch {
  readonly #service: string;
  readonly #context: ServiceWatchContext;
  readonly #teller: WatchTeller;
  readonly #abort = new AbortController();
  readonly #pause: Pause;
  #index: number | undefined;
  #askedAt = 0;
  /** What Consul said last. */
  #fresh: readonly ServiceRecord[] = [];
  /** What is kept of before the outage, for as long as {@link #stopKeeping} is there. */
  #kept: readonly ServiceRecord[] = [];
  #stopKeeping: (() => void) | undefined;

  constructor(service: string, context: ServiceWatchContext, events: LatestValue<RegistryEvent>) {
    this.#service = service;
    this.#context = context;
    this.#teller = new WatchTeller(events);
    this.#pause = new Pause(context.clock);
    void this.#follow();
  }

  /** Tries again at once, where it waits to: Consul has answered somebody else. */
  hurry(): void {
    if (this.#teller.isInterrupted) this.#pause.wake();
  }

  stop(): void {
    this.#abort.abort();
    this.#stopKeeping?.();
    this.#pause.wake();
  }

  async #follow(): Promise<void> {
    const { options, logger } = this.#context;
    for (let failures = 0; !this.#isStopped; ) {
      try {
        const isNews = this.#take(await this.#ask());
        failures = 0;
        if (!this.#isStopped) await this.#pause.for(isNews ? shortPauseMs : idlePauseMs);
      } catch (thrown) {
        if (this.#isStopped) return;
        failures += 1;
        const delayMs = backoffMs(failures, options.watchBackoff);
        logger.debug('a watch failed', { service: this.#service, failures, delayMs, error: thrown });
        this.#fail(ServiceError.from(thrown));
        await this.#pause.for(delayMs);
      }
    }
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  #ask(): Promise<Instances> {
    const { client, options, clock } = this.#context;
    const consistency = options.consistency === 'stale' ? 'stale' : 'default';
    this.#askedAt = clock.now();
    const after = this.#index === undefined ? undefined : { index: this.#index, waitMs: options.waitMs };
    return client.instances(this.#service, { consistency, after, signal: this.#abort.signal });
  }

  /** Returns false where it was told nothing new, and was told so before its time: by a server that does not let queries wait. */
  #take({ instances, index }: Instances): boolean {
    const { reader, clock, options } = this.#context;
    if (this.#isStopped) return false;
    const isOlder = index < (this.#index ?? 0);
    const isNews = index !== 0 && index !== this.#index;
    const isInTime = clock.now() - this.#askedAt >= options.waitMs;
    if (isOlder || this.#teller.isInterrupted) {
      this.#stopKeeping?.();
      this.#kept = [...this.#fresh, ...this.#kept];
      this.#stopKeeping = clock.after(options.restoreGraceMs, () => {
        this.#kept = [];
        this.#tell();
      });
    }
    // Of an index that went backwards the answer is whole, but the next one must not wait for a change of long ago.
    this.#index = isOlder || index === 0 ? undefined : index;
    this.#fresh = reader.read(this.#service, instances);
    this.#tell();
    return isNews || isInTime;
  }

  #tell(): void {
    const ids = new Set(this.#fresh.map(nodeId));
    const missing = this.#kept.filter((record) => !ids.has(nodeId(record)) && ids.add(nodeId(record)));
    this.#teller.set([...this.#fresh, ...missing]);
  }

  #fail(error: ServiceError): void {
    if (!this.#teller.interrupted(error)) return;
    this.#index = undefined;
    // What is kept of an outage before this one stays until Consul is back, and for a while from then on.
    this.#stopKeeping?.();
  }
}

function nodeId(record: ServiceRecord): string {
  return record.nodes[0]?.id ?? '';
}

/** What changes ten times in a moment is asked for once. */
const shortPauseMs = 20;
const idlePauseMs = 1_000;
