import type {
  Clock,
  Lease,
  Lifecycle,
  Logger,
  RegisterOptions,
  Registry,
  RegistryCapabilities,
  RegistryEvent,
  ServiceError,
  ServiceRecord,
} from '@tenon/contract';
import {
  checkedRegistration,
  closedError,
  encodeRecord,
  KeptEntry,
  OpenWatches,
  orAborted,
  RecordTable,
} from '@tenon/contract/authoring';
import { createGossip, type Gossip, type GossipDelegate, type Member } from '@tenon/gossip';
import type { ResolvedGossipRegistryOptions } from './gossip-registry-options.js';
import { Inventories } from './inventories.js';
import { RecordGossip } from './record-gossip.js';
import { keyOf } from './record-key.js';
import { RecordStore } from './record-store.js';

/** The registry on this member of the cluster: everything is answered from what was heard. */
export class GossipRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #gossip: Gossip;
  readonly #table = new RecordTable();
  readonly #store: RecordStore;
  readonly #records: RecordGossip;
  readonly #watches = new OpenWatches(title);
  readonly #held = new Map<string, KeptEntry>();
  readonly #living = new Set<string>();
  readonly #inventories: Inventories;
  #isClosed = false;

  constructor({ gossip: options, untimedTtlMs, reach }: ResolvedGossipRegistryOptions, logger: Logger, clock: Clock) {
    const eventual = { level: 'eventual', whenCutOff: 'answers' } as const;
    const consistency = { register: eventual, lookup: eventual, cachedCall: eventual };
    this.capabilities = Object.freeze({ expires: true, consistency, reach });
    this.#clock = clock;
    this.#logger = logger;
    this.#living.add(options.name);
    this.#store = new RecordStore(this.#table, clock, (member) => this.#living.has(member));
    const store = this.#store;
    const delegate: GossipDelegate = {
      onMessage: (bytes) => this.#records.hear(bytes),
      // As go-micro does: whole only for who joins, later only what differs.
      localState: (isJoin) => (isJoin ? this.#records.state() : Buffer.alloc(0)),
      mergeState: (bytes) => {
        this.#records.merge(bytes);
      },
      onMember: (member) => this.#memberChanged(member),
    };
    const gossip = createGossip(options, delegate, logger, clock);
    this.#gossip = gossip;
    const shared = { gossip, self: options.name, store, clock, logger };
    this.#records = new RecordGossip({
      ...{ ...shared, untimedTtlMs },
      hasStrangers: () => this.#inventories.hasStrangers,
      onChanged: (owner) => this.#inventories.changed(owner),
      onInventory: (message) => this.#inventories.hear(message),
    });
    this.#inventories = new Inventories({ ...shared, records: this.#records });
  }

  get trouble(): ServiceError | undefined {
    return this.#isClosed ? closedError(title) : undefined;
  }

  /** Binds and asks the seeds. Resolves also where none of them answers within 1.5 s: they are asked on and on. */
  async start(): Promise<void> {
    await this.#gossip.start();
    const { self, members } = this.#gossip;
    this.#logger.info('the gossip registry has started', {
      member: self.name,
      address: self.address,
      members: members.length,
    });
  }

  async register(record: ServiceRecord, options: RegisterOptions): Promise<Lease> {
    this.#assertOpen();
    const { node, ttlMs } = checkedRegistration(record, options.ttlMs);
    const json = encodeRecord(record);
    const key = keyOf(record.name, node.id);
    this.#records.assertSpreadable(json);
    const entry: KeptEntry = new KeptEntry({
      home: {
        put: async () => this.#records.put(key, json, ttlMs),
        renew: async () => this.#records.renew(key, json, ttlMs),
        remove: async () => this.#records.remove(key, json),
      },
      name: `${node.id} of ${record.name}`,
      ttlMs,
      backoff: { baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 },
      releaseTimeoutMs: 1_000,
      clock: this.#clock,
      logger: this.#logger,
      onReleased: () => {
        if (this.#held.get(key) === entry) this.#held.delete(key);
      },
    });
    return orAborted(options.signal, async () => {
      const earlier = this.#held.get(key);
      this.#held.set(key, entry);
      await earlier?.replaced();
      await entry.begin();
      return entry;
    });
  }

  async lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    return orAborted(options?.signal, async () => this.#table.recordsOf(name));
  }

  async list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]> {
    this.#assertOpen();
    return orAborted(options?.signal, async () => this.#table.names);
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => this.#table.follow(name, events), options?.signal);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watches.close();
    await Promise.all([...this.#held.values()].map((entry) => entry.release()));
    await this.#gossip.leave();
    this.#store.close();
    this.#inventories.close();
    await this.#gossip.close();
  }

  #memberChanged(member: Member): void {
    const { name, state } = member;
    const lives = state === 'alive' || state === 'suspect';
    if (lives) this.#inventories.seen(member);
    else this.#inventories.lost(name);
    if (lives === this.#living.has(name)) return;
    if (lives) this.#living.add(name);
    else this.#living.delete(name);
    this.#store.ownerChanged(name);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError(title);
  }
}

const title = 'the gossip registry';
