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
  orAborted,
} from '@tenon/contract/authoring';
import { inBatches } from './in-batches.js';
import type { Link } from './link.js';
import { entryPath, isPathPart, servicePath } from './node-paths.js';
import { RecordReader } from './record-reader.js';
import { ServiceWatch } from './service-watch.js';
import { Session } from './session.js';
import { SessionEntry } from './session-entry.js';
import type { ResolvedZookeeperOptions } from './zookeeper-options.js';

/**
 * The registry in ZooKeeper. Each node of a service is an ephemeral node in the directory of the service. What is registered with one
 * time to live shares a session of that time, and a connection; the session of the reads and watches is one of them.
 */
export class ZookeeperRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #options: ResolvedZookeeperOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #reader: RecordReader;
  /** By time to live. */
  readonly #sessions = new Map<number, Session>();
  readonly #entries: KeptEntries;
  readonly #watches = new OpenWatches(us);
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedZookeeperOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ provider: 'registry-zookeeper' });
    this.#clock = clock;
    this.#reader = new RecordReader(this.#logger, clock);
    const { backoff, callTimeoutMs: releaseTimeoutMs } = options;
    this.#entries = new KeptEntries({ registry: us, backoff, releaseTimeoutMs, clock, logger: this.#logger });
    const isLocal = options.endpoints.every(({ host }) => /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host));
    this.capabilities = Object.freeze({
      expires: true,
      consistency: consistencyOf(options),
      reach: isLocal ? 'machine' : 'network',
    });
  }

  get trouble(): ServiceError | undefined {
    if (this.#closing !== undefined) return closedError(us);
    for (const session of this.#sessions.values()) if (session.trouble !== undefined) return session.trouble;
    return undefined;
  }

  /** Begins the session that reads. Rejects with `Unavailable` where that does not work in time; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    const isNew = !this.#sessions.has(this.#options.sessionTimeoutMs);
    const session = this.#session(this.#options.sessionTimeoutMs);
    try {
      await orAborted(signal, () => session.connected());
    } catch (thrown) {
      if (!isNew) throw thrown;
      // Who failed to start does not go on trying.
      this.#sessions.delete(session.timeoutMs);
      await session.close();
      throw thrown;
    }
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    for (const name of [record.name, node.id]) {
      if (!isPathPart(name)) throw invalid(`ZooKeeper has no node called ${JSON.stringify(name)}`);
    }
    const value = encodeCheckedRecord(record);
    this.#assertOpen();
    const { root } = this.#options;
    const path = entryPath(root, record.name, node.id);
    const session = this.#session(ttlMs);
    const home = new SessionEntry(servicePath(root, record.name), path, value, session);
    const stopKeeping = session.keeping();
    // A session that expired took the entry along, and a new one can put it again: neither waits for the next renewal.
    const stopListening = session.onChange((change) => change !== 'down' && this.#entries.hurry(home));
    const onReleased = (): void => {
      stopKeeping();
      stopListening();
    };
    return this.#entries.register({ key: path, home, name: path, ttlMs, onReleased }, signal);
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    if (!isPathPart(name)) return [];
    const directory = servicePath(this.#options.root, name);
    const records = await orAborted(signal, async () => {
      const link = await this.#current();
      return link === undefined ? [] : this.#reader.directory(link, directory);
    });
    return groupedByVersion(records.filter((record) => record.name === name));
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    const names = await orAborted(signal, () => this.#names());
    return Object.freeze([...new Set(names)].sort());
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      if (!isPathPart(name)) {
        // Nobody can be registered under it.
        events.set({ kind: 'set', records: [] });
        return { stop: () => {} };
      }
      const context = {
        session: this.#session(this.#options.sessionTimeoutMs),
        reader: this.#reader,
        options: this.#options,
        clock: this.#clock,
        logger: this.#logger,
      };
      return new ServiceWatch(name, context, events);
    }, options?.signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await this.#entries.close();
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  /** The connection, when it knows everything that was committed before; `undefined` where nothing was ever registered. */
  async #current(): Promise<Link | undefined> {
    const link = await this.#session(this.#options.sessionTimeoutMs).connected();
    if (this.#options.reads === 'local') return link;
    return (await link.sync(this.#options.root)) ? link : undefined;
  }

  async #names(): Promise<readonly string[]> {
    const link = await this.#current();
    const directories = (await link?.children(this.#options.root)) ?? [];
    if (link === undefined) return [];
    const names = await inBatches(directories, (directory) =>
      this.#reader.namesIn(link, this.#options.root, directory),
    );
    return names.flatMap(([, some]) => some);
  }

  #session(timeoutMs: number): Session {
    let session = this.#sessions.get(timeoutMs);
    if (session === undefined) {
      session = new Session(timeoutMs, this.#options, this.#logger, this.#clock);
      this.#sessions.set(timeoutMs, session);
    }
    return session;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

/** For errors. */
const us = 'the ZooKeeper registry';

/** ZooKeeper is CP: a member without a majority serves nobody, neither writes nor reads. */
function consistencyOf({ reads }: ResolvedZookeeperOptions): RegistryConsistency {
  return Object.freeze<RegistryConsistency>({
    register: { level: 'strong', whenCutOff: 'refuses' },
    lookup: { level: reads === 'local' ? 'eventual' : 'strong', whenCutOff: 'refuses' },
    cachedCall: { level: 'eventual', whenCutOff: 'answers' },
  });
}
