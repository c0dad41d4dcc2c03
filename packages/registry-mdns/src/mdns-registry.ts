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
  decodeRecord,
  encodeRecord,
  KeptEntry,
  OpenWatches,
  orAborted,
  RecordTable,
  SkippedEntries,
} from '@tenon/contract/authoring';
import { usableRecords } from './dns-record.js';
import type { IncomingPacket } from './link.js';
import { Links } from './links.js';
import type { ResolvedMdnsOptions } from './mdns-options.js';
import { isLoopback, type Network } from './network.js';
import { NodeCache } from './node-cache.js';
import { OwnWords, printsOf } from './own-words.js';
import { sizeOf } from './packing.js';
import { PublishedNode } from './published-node.js';
import { Querier } from './querier.js';
import { serviceDomain, servicesDomain } from './record-names.js';
import { Responder } from './responder.js';

/**
 * The registry without a server: nodes announce themselves to the link and answer who asks; everybody keeps what was heard for as long as
 * it was said to last.
 */
export class MdnsRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #options: ResolvedMdnsOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #responder: Responder;
  readonly #words = new OwnWords();
  readonly #table = new RecordTable();
  readonly #cache: NodeCache;
  readonly #querier: Querier;
  readonly #watches = new OpenWatches(us);
  /** Ours, by the names of their instances. */
  readonly #published = new Map<string, Published>();
  readonly #entries = new Set<KeptEntry>();
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedMdnsOptions, network: Network, logger: Logger, clock: Clock) {
    this.#options = options;
    this.capabilities = capabilitiesOf(options);
    this.#logger = logger.child({ provider: 'registry-mdns' });
    this.#clock = clock;
    this.#responder = new Responder(options.port, clock);
    this.#links = new Links({
      options,
      network,
      clock,
      logger: this.#logger,
      listener: {
        onQuery: (link, packet, from) => this.#responder.answer(link, packet, from),
        onResponse: (packet) => this.#hear(packet),
        onDown: (trouble) => this.#down(trouble),
        onUp: () => void this.#up(),
      },
    });
    this.#cache = new NodeCache({
      table: this.#table,
      skipped: new SkippedEntries(this.#logger, clock),
      clock,
      isOurs: (instance) => this.#published.has(instance),
      onEnding: ({ name }) => this.#askAgain(name),
      onHostMissing: (host) => this.#querier.askFor({ name: host, type: 'A' }),
      onMissed: () => void this.#querier.again(),
    });
    this.#querier = new Querier({ links: this.#links, cache: this.#cache, clock, ...options });
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#links.trouble : closedError(us);
  }

  /** Opens the interfaces. Rejects with `Unavailable` where none can be used; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    await orAborted(signal, () => this.#links.opened());
    const { trouble } = this.#links;
    if (trouble !== undefined) throw trouble;
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    this.#assertOpen();
    const published = this.#publishedNode(decodeRecord(encodeRecord(record)), ttlMs);
    const size = published.records.reduce((sum, one) => sum + sizeOf(one), 0);
    if (size > maxPacketBytes) {
      throw new ServiceError(
        'InvalidArgument',
        `the record of ${record.name} takes ${size} bytes as DNS; the limit is ${maxPacketBytes}`,
        { executed: 'no' },
      );
    }
    const entry = this.#entryOf(`${node.id} of ${record.name}`, published, ttlMs);
    await orAborted(signal, async () => {
      const before = this.#published.get(published.instance);
      before?.node.silence();
      this.#published.set(published.instance, { node: published, entry });
      this.#entries.add(entry);
      this.#cache.forget(published.instance);
      this.#table.put(published.instance, published.record);
      await before?.entry.replaced();
      await entry.begin();
    }).catch((thrown: unknown) => {
      void entry.release();
      throw thrown;
    });
    this.#assertOpen();
    return entry;
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    const following = this.#follow(name, signal);
    try {
      await orAborted(signal, () => following.known);
    } finally {
      following.stop();
    }
    this.#assertOpen();
    return this.#table.recordsOf(name);
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    await orAborted(signal, () => this.#listed());
    this.#assertOpen();
    return this.#table.names;
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => {
      const asking = this.#querier.follow(serviceDomain(name));
      const feeding = this.#table.follow(name, events, asking.known);
      return {
        stop: () => {
          feeding.stop();
          asking.stop();
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
    this.#querier.close();
    this.#responder.close();
    await this.#links.close();
    this.#cache.close();
  }

  #follow(name: string, signal: AbortSignal | undefined): { readonly known: Promise<void>; stop(): void } {
    if (signal?.aborted === true) return { known: Promise.resolve(), stop: () => {} };
    return this.#querier.follow(serviceDomain(name));
  }

  /** What there is is asked first; then who serves what was named and is not known. */
  async #listed(): Promise<void> {
    await Promise.all([this.#querier.once(servicesDomain), this.#querier.follow(servicesDomain).known]);
    const unknown = this.#cache.listed
      .filter((domain) => this.#cache.instancesOf(domain).length === 0)
      .slice(0, maxListed);
    const known = new Set(this.#table.names.map(serviceDomain));
    const asked = unknown.filter((domain) => !known.has(domain));
    if (asked.length > 0) await Promise.all(asked.map((domain) => this.#querier.once(domain)));
  }

  #publishedNode(record: ServiceRecord, ttlMs: number): PublishedNode & { readonly record: ServiceRecord } {
    const [node] = record.nodes;
    if (node === undefined) throw new ServiceError('Internal', 'a checked record has a node');
    const published: PublishedNode = new PublishedNode({
      record,
      node,
      ttlSeconds: Math.ceil(ttlMs / 1_000),
      browsers: this.#options.browsers,
      links: this.#links,
      responder: this.#responder,
      words: this.#words,
      isTakenOver: (instance) => (this.#published.get(instance)?.node ?? published) !== published,
      clock: this.#clock,
      logger: this.#logger,
    });
    return Object.assign(published, { record });
  }

  #entryOf(name: string, published: PublishedNode, ttlMs: number): KeptEntry {
    const entry = new KeptEntry({
      home: published,
      name,
      ttlMs,
      backoff: { baseMs: 500, factor: 1.6, maxMs: 4_000, jitter: 0.5 },
      releaseTimeoutMs: 1_000,
      clock: this.#clock,
      logger: this.#logger,
      onReleased: () => {
        published.silence();
        this.#entries.delete(entry);
      },
    });
    entry.onChange((state) => {
      if (state !== 'released' || this.#published.get(published.instance)?.node !== published) return;
      this.#published.delete(published.instance);
      this.#table.delete(published.instance);
    });
    return entry;
  }

  #hear(packet: IncomingPacket): void {
    try {
      const records = usableRecords([...(packet.answers ?? []), ...(packet.additionals ?? [])]);
      const prints = printsOf(records);
      if (this.#published.size > 0) this.#contest(prints);
      this.#cache.hear(records);
    } catch (error) {
      // A packet must never end a process.
      this.#logger.debug('a packet could not be read', { error });
    }
  }

  /** Whether somebody else says something of ours. */
  #contest(prints: ReadonlyMap<string, string>): void {
    for (const key of prints.keys()) {
      const published = this.#published.get(key.slice(0, key.lastIndexOf(' ')));
      const theirs = published === undefined ? [] : saidOf(prints, published.node);
      if (published !== undefined && !this.#words.isOwn(theirs)) this.#concedeOrDefend(published, theirs.join('\n'));
    }
    for (const { node } of this.#published.values()) node.heard(prints);
  }

  /** The newest registration of a name is right. Two that are as new as each other go by what they say, as in RFC 6762 §8.2. */
  #concedeOrDefend({ node, entry }: Published, theirs: string): void {
    const ours = saidOf(printsOf(node.records), node).join('\n');
    if (this.#clock.now() - node.publishedAt < sameTimeMs && ours > theirs) {
      node.defend();
      return;
    }
    this.#logger.warn('another process has registered this node anew', { instance: node.instance });
    node.silence();
    void entry.replaced();
  }

  #askAgain(instance: string): void {
    const domain = instance.slice(instance.indexOf('.') + 1);
    const isWanted =
      [...serviceDomainsOf(instance)].some((one) => this.#querier.follows(one)) || this.#querier.follows(domain);
    if (!isWanted) return;
    this.#querier.askFor({ name: instance, type: 'ANY' });
  }

  #down(trouble: ServiceError): void {
    this.#logger.warn('no interface can be used, what is known stands', { error: trouble });
    this.#cache.freeze();
    this.#table.interrupted(trouble);
  }

  async #up(): Promise<void> {
    for (const entry of this.#entries) entry.hurry();
    this.#cache.thaw(graceMs);
    await this.#querier.again();
    if (this.#links.trouble === undefined) this.#table.healed();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

interface Published {
  readonly node: PublishedNode;
  readonly entry: KeptEntry;
}

function saidOf(prints: ReadonlyMap<string, string>, { instance }: PublishedNode): readonly string[] {
  return [`${instance} SRV`, `${instance} TXT`].flatMap((key) => prints.get(key) ?? []);
}

/** Ids and names may have dots in them: every ending of an instance's name may be the domain of its service. */
function serviceDomainsOf(instance: string): readonly string[] {
  const labels = instance.split('.');
  return labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join('.'));
}

function capabilitiesOf({ interfaces }: ResolvedMdnsOptions): RegistryCapabilities {
  const weak = Object.freeze({ level: 'weak', whenCutOff: 'answers' } as const);
  const consistency: RegistryConsistency = Object.freeze({ register: weak, lookup: weak, cachedCall: weak });
  const isLocal = interfaces !== 'all' && interfaces.every((one) => isLoopback(one) || one === 'lo');
  return Object.freeze({ expires: true, consistency, reach: isLocal ? 'machine' : 'network' });
}

const us = 'the mDNS registry';
/** What UDP over IPv4 carries, with room for a question that is repeated. */
const maxPacketBytes = 64_000;
const maxListed = 1_000;
const graceMs = 2_000;
/** Within it, two registrations of one name count as made together: each may not have heard the other yet. */
const sameTimeMs = 2_000;
