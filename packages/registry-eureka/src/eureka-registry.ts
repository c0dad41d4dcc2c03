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
  encodeCheckedRecord,
  groupedByVersion,
  KeptEntries,
  OpenWatches,
  SkippedEntries,
} from '@tenon/contract/authoring';
import { readApplication, readApplications } from './applications.js';
import { EurekaEntry } from './eureka-entry.js';
import type { ResolvedEurekaOptions } from './eureka-options.js';
import { EurekaServers, us } from './eureka-servers.js';
import { FleetPicture } from './fleet-picture.js';
import { appOf, type Instance, instanceOf, isUp } from './instance.js';
import { InstanceReader } from './instance-reader.js';

/** The registry in Eureka: an instance and its heartbeats for each registration, one picture of the fleet for all watches. */
export class EurekaRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities = Object.freeze({ expires: true, consistency, reach: 'network' });
  readonly #options: ResolvedEurekaOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #servers: EurekaServers;
  readonly #reader: InstanceReader;
  readonly #entries: KeptEntries;
  readonly #watches = new OpenWatches(us);
  /** Kept while somebody watches. */
  #picture: { readonly fleet: FleetPicture; watches: number } | undefined;
  #changedAt = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedEurekaOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ provider: 'registry-eureka' });
    this.#clock = clock;
    this.#servers = new EurekaServers(options, clock, () => this.#hurry());
    this.#reader = new InstanceReader(new SkippedEntries(this.#logger, clock));
    const { backoff, callTimeoutMs: releaseTimeoutMs } = options;
    this.#entries = new KeptEntries({ registry: us, backoff, releaseTimeoutMs, clock, logger: this.#logger });
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#servers.trouble : closedError(us);
  }

  /** Asks for what has changed lately. Rejects with `Unavailable` where no server answers in time; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    const timeoutMs = this.#options.connectTimeoutMs;
    try {
      const asked = this.#servers.ask({ method: 'GET', path: '/apps/delta', timeoutMs, signal });
      readApplications((await asked).value);
    } catch (thrown) {
      // A server without changes to offer says so, and is there.
      if (!['PermissionDenied', 'NotFound'].includes(ServiceError.from(thrown).code)) throw thrown;
    }
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    // Not the form that is written, but the bound of all registries.
    encodeCheckedRecord(record);
    const context = { servers: this.#servers, clock: this.#clock, ttlMs, changeTime: () => this.#changeTime() };
    const entry = {
      key: JSON.stringify([record.name, node.id]),
      home: new EurekaEntry(instanceOf(record, node, ttlMs, this.#options.zone), context),
      name: `${node.id} of ${record.name}`,
      ttlMs,
      // A server that came back empty says so to the next heartbeat.
      renewEveryMs: Math.min(ttlMs / 3, 4_000),
    };
    return this.#entries.register(entry, signal);
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    try {
      const path = `/apps/${encodeURIComponent(appOf(name))}`;
      const { value } = await this.#servers.ask({ method: 'GET', path, signal });
      return groupedByVersion(this.#recordsOf(readApplication(value)).filter((record) => record.name === name));
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      if (error.code === 'NotFound') return [];
      throw error;
    }
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    const { value } = await this.#servers.ask({ method: 'GET', path: '/apps', signal });
    const records = this.#recordsOf(readApplications(value).instances);
    return Object.freeze([...new Set(records.map(({ name }) => name))].sort());
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      const picture = this.#openPicture();
      const following = picture.fleet.follow(name, events);
      return {
        stop: () => {
          following.stop();
          picture.watches -= 1;
          if (picture.watches > 0) return;
          picture.fleet.stop();
          if (this.#picture === picture) this.#picture = undefined;
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
    this.#servers.close();
  }

  #openPicture(): { readonly fleet: FleetPicture; watches: number } {
    this.#picture ??= {
      fleet: new FleetPicture({
        servers: this.#servers,
        reader: this.#reader,
        options: this.#options,
        clock: this.#clock,
        logger: this.#logger,
      }),
      watches: 0,
    };
    this.#picture.watches += 1;
    return this.#picture;
  }

  #recordsOf(instances: readonly Instance[]): readonly ServiceRecord[] {
    const records = instances.filter(isUp).flatMap((instance) => this.#reader.read(instance) ?? []);
    return records.sort((one, other) => ((one.nodes[0]?.id ?? '') < (other.nodes[0]?.id ?? '') ? -1 : 1));
  }

  #changeTime(): number {
    this.#changedAt = Math.max(Math.floor(this.#clock.wallTime()), this.#changedAt + 1);
    return this.#changedAt;
  }

  #hurry(): void {
    this.#entries.hurry();
    this.#picture?.fleet.hurry();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

/** Eureka is AP: any server that is reached takes writes and answers with what it knows, and they tell each other when they can. */
const consistency: RegistryConsistency = Object.freeze<RegistryConsistency>({
  register: { level: 'eventual', whenCutOff: 'answers' },
  lookup: { level: 'eventual', whenCutOff: 'answers' },
  cachedCall: { level: 'eventual', whenCutOff: 'answers' },
});
