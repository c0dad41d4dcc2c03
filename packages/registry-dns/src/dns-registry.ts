import {
  type Clock,
  type Lease,
  type Logger,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { closedError, type FixedLeases, OpenWatches, orAborted, SkippedEntries } from '@tenon/contract/authoring';
import type { ResolvedDnsOptions } from './dns-options.js';
import { srvNameOf } from './srv-name.js';
import { SrvQuery } from './srv-query.js';
import { recordsOf } from './srv-records.js';
import { WatchedService } from './watched-service.js';

/** Reads SRV records: once for a lookup, again and again for a watch. */
export class DnsRegistry implements Registry {
  readonly capabilities: RegistryCapabilities = Object.freeze<RegistryCapabilities>({
    expires: false,
    consistency: {
      register: { level: 'eventual', whenCutOff: 'refuses' },
      lookup: { level: 'eventual', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
  });
  readonly #options: ResolvedDnsOptions;
  readonly #leases: FixedLeases;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #query: SrvQuery;
  readonly #skipped: SkippedEntries;
  readonly #watched = new Map<string, WatchedService>();
  readonly #watches = new OpenWatches(us);
  #isClosed = false;

  constructor(options: ResolvedDnsOptions, leases: FixedLeases, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#leases = leases;
    this.#logger = logger.child({ provider: 'registry-dns' });
    this.#clock = clock;
    this.#query = new SrvQuery(options);
    this.#skipped = new SkippedEntries(this.#logger, clock);
  }

  get trouble(): ServiceError | undefined {
    if (this.#isClosed) return closedError(us);
    for (const { trouble } of this.#watched.values()) if (trouble !== undefined) return trouble;
    return undefined;
  }

  async register(record: ServiceRecord, { ttlMs, signal }: RegisterOptions): Promise<Lease> {
    this.#assertOpen();
    const lease = await orAborted(signal, () => this.#leases.register(record, ttlMs, () => this.#ask(record.name)));
    if (!this.#isClosed) return lease;
    await lease.release();
    throw closedError(us);
  }

  async lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    return orAborted(options?.signal, () => this.#ask(name));
  }

  /** Rejects with `FailedPrecondition` where no services are named in the options: DNS has no way to ask for all. */
  async list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]> {
    this.#assertOpen();
    const names = [...this.#options.services.keys()].sort();
    if (names.length === 0) {
      const why = 'DNS cannot be asked for the names of all services; name them by dnsRegistry.services';
      throw new ServiceError('FailedPrecondition', why, { executed: 'no' });
    }
    return orAborted(options?.signal, async () => {
      const found = await Promise.all(names.map((name) => this.#ask(name)));
      return Object.freeze(names.filter((_, index) => found[index]?.length !== 0));
    });
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      const service = this.#watchedService(name);
      service.follow(events);
      const stop = (): void => {
        service.leave(events);
        if (service.isWatched) return;
        service.stop();
        if (this.#watched.get(name) === service) this.#watched.delete(name);
      };
      return { stop };
    }, options?.signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watches.close();
    this.#query.cancel();
    await this.#leases.close();
  }

  #watchedService(name: string): WatchedService {
    let service = this.#watched.get(name);
    if (service === undefined) {
      const ask = () => this.#ask(name);
      service = new WatchedService(name, { options: this.#options, clock: this.#clock, logger: this.#logger, ask });
      this.#watched.set(name, service);
    }
    return service;
  }

  async #ask(service: string): Promise<readonly ServiceRecord[]> {
    const { domain, services, version, protocols } = this.#options;
    const name = services.get(service) ?? (domain === undefined ? undefined : srvNameOf(service, domain));
    if (name === undefined) {
      this.#skipped.met(service, '', new Error('no SRV records can have this name; name them by dnsRegistry.services'));
      return [];
    }
    try {
      const answer = await this.#query.records(name);
      return recordsOf(answer, { service, version, protocols }, (entry, reason) =>
        this.#skipped.met(entry, '', reason),
      );
    } catch (thrown) {
      throw this.#isClosed ? closedError(us) : thrown;
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError(us);
  }
}

const us = 'the DNS registry';
