import {
  type Clock,
  type Lease,
  type Lifecycle,
  type Logger,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  type RegistryConsistency,
  type RegistryEvent,
  type ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import {
  checkedRegistration,
  closedError,
  encodeCheckedRecord,
  groupedByVersion,
  OpenWatches,
  orAborted,
  SkippedEntries,
} from '@tenon/contract/authoring';
import { EtcdConnection } from './etcd-connection.js';
import type { ResolvedEtcdOptions } from './etcd-options.js';
import { rangeOf } from './key-range.js';
import { LeaseKeeper } from './lease-keeper.js';
import { keyOf, servicePrefix } from './record-keys.js';
import { RecordReader } from './record-reader.js';
import { Registration } from './registration.js';
import { ServiceWatch } from './service-watch.js';

/**
 * The registry in etcd. Lookups and lists are linearizable reads, so that they see every registration that finished
 * before; watches are one stream each, opened when they are read and freed when they are left.
 */
export class EtcdRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #options: ResolvedEtcdOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #connection: EtcdConnection;
  readonly #keeper: LeaseKeeper;
  readonly #reader: RecordReader;
  /** Every registration that is not fully released yet. */
  readonly #registrations = new Set<Registration>();
  readonly #published = new Map<string, Registration>();
  readonly #watches = new OpenWatches(us);
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedEtcdOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.capabilities = Object.freeze({
      expires: true,
      consistency: consistencyOf(options),
      reach: reachOf(options.endpoints),
    });
    this.#logger = logger.child({ provider: 'registry-etcd' });
    this.#clock = clock;
    this.#connection = new EtcdConnection(options);
    this.#keeper = new LeaseKeeper(this.#connection, options, clock, this.#logger);
    this.#reader = new RecordReader(new SkippedEntries(this.#logger, clock));
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#connection.trouble : closedError(us);
  }

  /** Asks etcd for a sign of life. Rejects with `Unavailable` where none comes in time; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    await orAborted(signal, () => this.#connection.probe(this.#options.connectTimeoutMs));
  }

  async register(record: ServiceRecord, { ttlMs, signal }: RegisterOptions): Promise<Lease> {
    const registration = this.#registrationOf(record, ttlMs);
    this.#assertOpen();
    this.#registrations.add(registration);
    try {
      await orAborted(signal, () => this.#keeper.publish(registration));
      this.#assertOpen();
      await this.#replace(registration);
      return registration;
    } catch (thrown) {
      // In the background: what may have been put must not stay, and the caller need not wait for it.
      void registration.release();
      throw thrown;
    }
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    const records = await orAborted(signal, () => this.#read(servicePrefix(this.#options.prefix, name)));
    return groupedByVersion(records.filter((record) => record.name === name));
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    const records = await orAborted(signal, () => this.#read(this.#options.prefix));
    return Object.freeze([...new Set(records.map((record) => record.name))].sort());
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    const context = {
      connection: this.#connection,
      reader: this.#reader,
      options: this.#options,
      clock: this.#clock,
      logger: this.#logger,
    };
    return this.#watches.watch((events) => new ServiceWatch(name, context, events), options?.signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await Promise.all([...this.#registrations].map((registration) => registration.release()));
    await this.#connection.close();
    await this.#keeper.idle();
  }

  #registrationOf(record: ServiceRecord, givenTtlMs: number): Registration {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    return new Registration({
      key: keyOf(this.#options.prefix, record.name, node.id),
      value: encodeCheckedRecord(record),
      // etcd raises anything shorter to 2 s by itself.
      ttlSeconds: Math.max(2, Math.ceil(ttlMs / 1_000)),
      clock: this.#clock,
      onRelease: (registration) => this.#withdraw(registration),
    });
  }

  /** The newer registration of a key ends the older one. */
  async #replace(registration: Registration): Promise<void> {
    const previous = this.#published.get(registration.key);
    this.#published.set(registration.key, registration);
    if (previous === undefined) return;
    await previous.release();
    // A write of the older one may have come in between, and went with its lease.
    await this.#keeper.check(registration);
  }

  async #withdraw(registration: Registration): Promise<void> {
    if (this.#published.get(registration.key) === registration) this.#published.delete(registration.key);
    await this.#keeper.withdraw(registration);
    this.#registrations.delete(registration);
  }

  async #read(prefix: string): Promise<readonly ServiceRecord[]> {
    const { kvs } = await this.#connection.kv.range({
      ...rangeOf(prefix),
      serializable: this.#options.reads === 'serializable',
    });
    return [...this.#reader.read(kvs).values()].flatMap((record) => record ?? []);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

/** An etcd on loopback is read by this machine alone, as far as anyone can tell from here. */
function reachOf(endpoints: readonly string[]): 'machine' | 'network' {
  return endpoints.every((endpoint) => loopback.test(endpoint)) ? 'machine' : 'network';
}

const loopback = /^(https?:\/\/)?(127\.\d+\.\d+\.\d+|\[::1\]|localhost)(:\d+)?$/;

/** For errors. */
const us = 'the etcd registry';

/** etcd is CP: without a majority of its members nothing is written, and nothing read but by a member's own view. */
function consistencyOf({ reads }: ResolvedEtcdOptions): RegistryConsistency {
  return Object.freeze<RegistryConsistency>({
    register: { level: 'strong', whenCutOff: 'refuses' },
    lookup:
      reads === 'serializable'
        ? { level: 'eventual', whenCutOff: 'answers' }
        : { level: 'strong', whenCutOff: 'refuses' },
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
}
