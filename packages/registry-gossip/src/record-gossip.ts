import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { decodeRecord, SkippedEntries } from '@tenon/contract/authoring';
import type { Gossip } from '@tenon/gossip';
import { keyOf } from './record-key.js';
import type { RecordStore } from './record-store.js';
import { cut, isPiece, Pieces } from './wire/pieces.js';
import { readServiceMap, type WritableEntry, writeServiceMap } from './wire/service-map.js';
import { type Origin, readUpdate, type Update, writeUpdate } from './wire/update.js';

/** What records are spread with. */
export interface RecordGossipOptions {
  readonly gossip: Gossip;
  /** The name of this member. */
  readonly self: string;
  readonly store: RecordStore;
  readonly untimedTtlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody is in the cluster who is none of Tenon's, and wants to be told again and again. */
  readonly hasStrangers: () => boolean;
  /** The entries of a member have changed here. */
  readonly onChanged: (owner: string) => void;
  /** Takes a message where it is about a whole inventory. Returns whether it was. */
  readonly onInventory: (message: Buffer) => boolean;
}

/** Tells the others of the entries of this process, and the store of what others tell. */
export class RecordGossip {
  readonly #options: RecordGossipOptions;
  readonly #pieces: Pieces;
  readonly #skipped: SkippedEntries;
  /** When each entry of ours was put in or renewed last. */
  readonly #renewedAt = new Map<string, number>();
  #stamp = 0;

  constructor(options: RecordGossipOptions) {
    this.#options = options;
    this.#pieces = new Pieces(options.clock);
    this.#skipped = new SkippedEntries(options.logger, options.clock);
  }

  /** The highest stamp that was given here. */
  get stamp(): number {
    return this.#stamp;
  }

  /** Throws `InvalidArgument` where an entry is too large to be spread. */
  assertSpreadable(json: Buffer): void {
    const origin = { owner: this.#options.self, stamp: Number.MAX_SAFE_INTEGER, ttlMs: maxTtlMs };
    this.#messages({ action: 'create', expiresAt: Number.MAX_SAFE_INTEGER, origin, data: json });
  }

  /** Puts an entry of ours in and tells everybody. */
  put(key: string, json: Buffer, ttlMs: number): void {
    const { clock, store, self, onChanged } = this.#options;
    const origin = { owner: self, stamp: this.#nextStamp(key), ttlMs };
    store.put(key, { record: decodeRecord(json), json, origin }, ttlMs);
    this.#renewedAt.set(key, clock.now());
    onChanged(self);
    this.#spread(key, { action: 'create', expiresAt: clock.wallTime() + ttlMs, origin, data: json });
  }

  /**
   * It is still there: our own see that by this member's living, strangers are told. Returns false where its time was over, or somebody else has
   * taken its place: this process has slept.
   */
  renew(key: string, json: Buffer, ttlMs: number): boolean {
    const { clock, store, self, hasStrangers } = this.#options;
    const now = clock.now();
    const origin = store.get(key)?.origin;
    if (origin?.owner !== self || now - (this.#renewedAt.get(key) ?? 0) > ttlMs) return false;
    this.#renewedAt.set(key, now);
    if (hasStrangers())
      this.#spread(key, { action: 'create', expiresAt: clock.wallTime() + ttlMs, origin, data: json });
    return true;
  }

  /** Takes an entry of ours out and tells everybody. */
  remove(key: string, json: Buffer): void {
    const { self, store, onChanged } = this.#options;
    const origin = { owner: self, stamp: this.#nextStamp(key), ttlMs: 0 };
    store.delete(key, origin.stamp);
    this.#renewedAt.delete(key);
    onChanged(self);
    this.#spread(key, { action: 'delete', expiresAt: 0, origin, data: shortened(json) });
  }

  /** Somebody spread a message. */
  hear(message: Buffer): void {
    try {
      if (this.#options.onInventory(message)) return;
      const whole = isPiece(message) ? this.#pieces.add(message) : message;
      const update = whole === undefined ? undefined : readUpdate(whole);
      const news = update === undefined ? undefined : this.#take(update);
      // What has no stamp would go round for ever.
      if (news !== undefined && update?.origin !== undefined) this.#spread(news, update);
    } catch (thrown) {
      this.#skipped.met('a message', message.toString('hex', 0, 64), thrown);
    }
  }

  /** All entries, or those of one member. */
  state(owner?: string): Buffer {
    const { store } = this.#options;
    return writeServiceMap(writable(owner === undefined ? store.entries : store.ownedBy(owner)), maxStateBytes);
  }

  /** Takes what somebody knows. Returns the keys of all that stand there. */
  merge(bytes: Buffer): ReadonlySet<string> {
    const keys = new Set<string>();
    if (bytes.length === 0) return keys;
    const bad = (thrown: unknown): void => this.#skipped.met('an exchanged entry', String(thrown), thrown);
    try {
      for (const { service, nodeId, origin, json } of readServiceMap(bytes, bad)) {
        const key = keyOf(service, nodeId);
        keys.add(key);
        try {
          // Nearly everything is known already, and need not be read again.
          if (!this.#options.store.isNews(key, origin)) continue;
          this.#take({ action: 'create', expiresAt: 0, origin, data: json() });
        } catch (thrown) {
          bad(thrown);
        }
      }
    } catch (thrown) {
      this.#skipped.met('an exchanged state', bytes.toString('latin1', 0, 64), thrown);
    }
    return keys;
  }

  /** Returns the key where it was news. */
  #take({ action, origin, expiresAt, data }: Update): string | undefined {
    const { store, self, onChanged } = this.#options;
    const record = decodeRecord(data);
    const key = keyOf(record.name, record.nodes[0]?.id ?? '');
    if (!store.isNews(key, origin)) return undefined;
    if (origin?.owner === self) {
      this.#correct(key, origin, data);
      return undefined;
    }
    const ttlMs = origin?.ttlMs ?? this.#foreignTtlMs(expiresAt);
    if (action === 'delete') store.delete(key, origin?.stamp ?? 0);
    else if (ttlMs > 0) store.put(key, { record, json: Buffer.from(data), origin }, ttlMs);
    if (origin !== undefined) onChanged(origin.owner);
    return key;
  }

  /** Somebody tells of an entry as ours that we do not know so: an echo of an earlier process, or a forgery. */
  #correct(key: string, heard: Origin, data: Buffer): void {
    this.#stamp = Math.max(this.#stamp, heard.stamp);
    const own = this.#options.store.get(key);
    if (own?.origin?.owner === this.#options.self) this.put(key, own.json, own.origin.ttlMs);
    else this.remove(key, data);
  }

  #foreignTtlMs(expiresAt: number): number {
    const { clock, untimedTtlMs } = this.#options;
    return expiresAt === 0 ? untimedTtlMs : Math.min(expiresAt - clock.wallTime(), maxTtlMs);
  }

  /** Above every stamp so far, of an earlier process too. */
  #nextStamp(key: string): number {
    const known = this.#options.store.get(key)?.origin?.stamp ?? 0;
    this.#stamp = Math.max(this.#stamp + 1, known + 1, Math.floor(this.#options.clock.wallTime() * 1_000));
    return this.#stamp;
  }

  #spread(key: string, update: Update): void {
    const { gossip } = this.#options;
    for (const [index, message] of this.#messages(update).entries()) gossip.spread(message, `${key} ${index}`);
    gossip.hurry();
  }

  #messages(update: Update): readonly Buffer[] {
    const message = writeUpdate(update);
    return message.length <= maxPlainBytes ? [message] : cut(message, this.#options.gossip.maxMessageBytes);
  }
}

function* writable(entries: ReturnType<RecordStore['ownedBy']> | RecordStore['entries']): Generator<WritableEntry> {
  for (const [, { record, json, origin }] of entries) yield { service: record.name, json, origin };
}

/** Who takes an entry out needs its names only. */
function shortened(json: Buffer): Buffer {
  const { name, version, nodes } = decodeRecord(json);
  const [node] = nodes;
  if (node === undefined) throw new ServiceError('Internal', 'an entry has no node');
  const short = { metadata: null, id: node.id, address: node.address };
  return Buffer.from(JSON.stringify({ name, version, metadata: null, endpoints: null, nodes: [short] }));
}

/** go-micro's `MaxPacketSize`. */
const maxPlainBytes = 512;
/** A member takes 20 MiB, members and all. */
const maxStateBytes = 16 * 1_024 * 1_024;
const maxTtlMs = 24 * 3_600_000;
