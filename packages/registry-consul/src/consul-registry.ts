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
  KeptEntries,
  OpenWatches,
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
  readonly #entries: KeptEntries;
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
    const { backoff, callTimeoutMs: releaseTimeoutMs } = options;
    this.#entries = new KeptEntries({ registry: us, backoff, releaseTimeoutMs, clock, logger: this.#logger });
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#client.trouble : closedError(us);
  }

  /** Asks for the leader. Rejects with `Unavailable` where none is named in time; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    await this.#client.probe(this.#options.connectTimeoutMs, signal);
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    // Not the form that is written, but the bound of all registries.
    encodeCheckedRecord(record);
    const { callTimeoutMs } = this.#options;
    const context = { client: this.#client, clock: this.#clock, callTimeoutMs, ttlMs };
    const entry = {
      key: serviceIdOf(record.name, node.id),
      home: new AgentEntry(registrationOf(record, node, ttlMs), context),
      name: `${node.id} of ${record.name}`,
      ttlMs,
      // Asking the agent costs the servers nothing, and tells that it came back without its data.
      renewEveryMs: Math.min(ttlMs / 3, 3_000),
    };
    return this.#entries.register(entry, signal);
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
    await this.#entries.close();
    this.#client.close();
  }

  #hurry(): void {
    this.#entries.hurry();
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
