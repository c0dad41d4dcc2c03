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
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import {
  checkedRegistration,
  closedError,
  encodeRecord,
  groupedByVersion,
  KeptEntry,
  maxRecordBytes,
  OpenWatches,
  orAborted,
  SkippedEntries,
} from '@tenon/contract/authoring';
import { AgentEntry } from './agent-entry.js';
import { ConsulClient, us } from './consul-client.js';
import type { ResolvedConsulOptions } from './consul-options.js';
import { registrationOf, serviceIdOf } from './instance.js';
import { InstanceReader } from './instance-reader.js';
import { ServiceWatch } from './service-watch.js';

/** The registry in Consul: registrations at one agent, each with a check of its time to live; a blocking query for each watch. */
export class ConsulRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #options: ResolvedConsulOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #client: ConsulClient;
  readonly #reader: InstanceReader;
  /** Every registration that is not fully released yet. */
  readonly #entries = new Set<KeptEntry>();
  /** The one that counts, by its id at the agent. */
  readonly #published = new Map<string, KeptEntry>();
  readonly #following = new Set<ServiceWatch>();
  readonly #watches = new OpenWatches(us);
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedConsulOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.capabilities = Object.freeze({
      expires: true,
      consistency: consistencyOf(options),
      // An agent on loopback is where everybody's registrations begin: what it tells goes to the whole cluster.
      reach: 'network',
    });
    this.#logger = logger.child({ provider: 'registry-consul' });
    this.#clock = clock;
    this.#client = new ConsulClient(options, clock, () => this.#hurry());
    this.#reader = new InstanceReader(new SkippedEntries(this.#logger, clock));
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#client.trouble : closedError(us);
  }

  /** Asks for the leader. Rejects with `Unavailable` where none is named in time; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    await this.#client.probe(this.#options.connectTimeoutMs, signal);
  }

  async register(record: ServiceRecord, { ttlMs, signal }: RegisterOptions): Promise<Lease> {
    const { entry, home, serviceId } = this.#entryOf(record, ttlMs);
    this.#assertOpen();
    this.#entries.add(entry);
    try {
      await orAborted(signal, () => entry.begin());
      this.#assertOpen();
      const previous = this.#published.get(serviceId);
      this.#published.set(serviceId, entry);
      if (previous !== undefined) {
        await previous.replaced();
        // A write of the older one may have come in between.
        await home.put();
      }
      return entry;
    } catch (thrown) {
      // In the background: what may have been put must not stay, and the caller need not wait for it.
      void entry.release();
      throw thrown;
    }
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    const { consistency } = this.#options;
    const { instances } = await this.#client.instances(name, { consistency, signal });
    return groupedByVersion(this.#reader.read(name, instances));
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    const [names, critical] = await Promise.all([
      this.#client.serviceNames(signal),
      this.#client.criticalServiceNames(signal),
    ]);
    const dead = new Set<string>();
    const doubtful = names.filter((name) => critical.has(name));
    for (let first = 0; first < doubtful.length; first += asked) {
      const some = doubtful.slice(first, first + asked);
      const records = await Promise.all(some.map((name) => this.lookup(name, { signal })));
      for (const [index, name] of some.entries()) if (records[index]?.length === 0) dead.add(name);
    }
    return Object.freeze(names.filter((name) => name !== consulItself && !dead.has(name)).sort());
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      const watch = new ServiceWatch(
        name,
        {
          client: this.#client,
          reader: this.#reader,
          options: this.#options,
          clock: this.#clock,
          logger: this.#logger,
        },
        events,
      );
      this.#following.add(watch);
      return {
        stop: () => {
          this.#following.delete(watch);
          watch.stop();
        },
      };
    }, options?.signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await Promise.all([...this.#entries].map((entry) => entry.release()));
    this.#client.close();
  }

  #entryOf(record: ServiceRecord, givenTtlMs: number) {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    const { length } = encodeRecord(record);
    if (length > maxRecordBytes) {
      const message = `the record of ${record.name} has ${length} bytes; the limit is ${maxRecordBytes}`;
      throw new ServiceError('InvalidArgument', message, { executed: 'no' });
    }
    const { callTimeoutMs, backoff } = this.#options;
    const serviceId = serviceIdOf(record.name, node.id);
    const context = { client: this.#client, clock: this.#clock, callTimeoutMs, ttlMs };
    const home = new AgentEntry(registrationOf(record, node, ttlMs), context);
    const entry: KeptEntry = new KeptEntry({
      home,
      name: `${node.id} of ${record.name}`,
      ttlMs,
      // Asking the agent costs the servers nothing, and tells that it came back without its data.
      renewEveryMs: Math.min(ttlMs / 3, 3_000),
      backoff,
      releaseTimeoutMs: callTimeoutMs,
      clock: this.#clock,
      logger: this.#logger,
      onReleased: () => {
        this.#entries.delete(entry);
        if (this.#published.get(serviceId) === entry) this.#published.delete(serviceId);
      },
    });
    return { entry, home, serviceId };
  }

  #hurry(): void {
    for (const entry of this.#entries) entry.hurry();
    for (const watch of this.#following) watch.hurry();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

/** The servers of Consul are in its catalog too. */
const consulItself = 'consul';

/** So many services are looked up at once. */
const asked = 8;

/**
 * The catalog is CP: without a leader nothing is written. Reads are the leader's (`default`), confirmed by the majority (`consistent`), or
 * any server's (`stale`).
 */
function consistencyOf({ consistency }: ResolvedConsulOptions): RegistryConsistency {
  const lookups = {
    default: { level: 'eventual', whenCutOff: 'refuses' },
    consistent: { level: 'strong', whenCutOff: 'refuses' },
    stale: { level: 'eventual', whenCutOff: 'answers' },
  } as const;
  return Object.freeze<RegistryConsistency>({
    register: { level: 'strong', whenCutOff: 'refuses' },
    lookup: lookups[consistency],
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
}
