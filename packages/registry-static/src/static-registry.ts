import type {
  Lease,
  RegisterOptions,
  Registry,
  RegistryCapabilities,
  RegistryEvent,
  ServiceError,
  ServiceRecord,
} from '@tenon/contract';
import { closedError, type FixedLeases, OpenWatches, orAborted } from '@tenon/contract/authoring';

/** A registry over records that never change. */
export class StaticRegistry implements Registry {
  readonly capabilities: RegistryCapabilities = Object.freeze<RegistryCapabilities>({
    expires: false,
    // Each process has a list of its own: nobody knows when those of all agree.
    consistency: {
      register: { level: 'weak', whenCutOff: 'answers' },
      lookup: { level: 'weak', whenCutOff: 'answers' },
      cachedCall: { level: 'weak', whenCutOff: 'answers' },
    },
  });
  readonly #records: ReadonlyMap<string, readonly ServiceRecord[]>;
  readonly #leases: FixedLeases;
  readonly #watches = new OpenWatches(us);
  #isClosed = false;

  constructor(records: ReadonlyMap<string, readonly ServiceRecord[]>, leases: FixedLeases) {
    this.#records = records;
    this.#leases = leases;
  }

  get trouble(): ServiceError | undefined {
    return this.#isClosed ? closedError(us) : undefined;
  }

  async register(record: ServiceRecord, { ttlMs, signal }: RegisterOptions): Promise<Lease> {
    this.#assertOpen();
    return orAborted(signal, () => this.#leases.register(record, ttlMs, () => this.#recordsOf(record.name)));
  }

  async lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    return orAborted(options?.signal, async () => this.#recordsOf(name));
  }

  async list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]> {
    this.#assertOpen();
    return orAborted(options?.signal, async () => Object.freeze([...this.#records.keys()].sort()));
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      events.set({ kind: 'set', records: this.#recordsOf(name) });
      return { stop: () => {} };
    }, options?.signal);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#leases.close();
    this.#watches.close();
  }

  #recordsOf(name: string): readonly ServiceRecord[] {
    return this.#records.get(name) ?? [];
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError(us);
  }
}

const us = 'the static registry';
