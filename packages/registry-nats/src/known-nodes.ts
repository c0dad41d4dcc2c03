import type { Clock, Logger, RegistryEvent, ServiceError, ServiceRecord } from '@tenon/contract';
import { type LatestValue, RecordTable } from '@tenon/contract/authoring';

/** The nodes that were heard of, each until its time to live is over; while nothing can be heard, none ends. */
export class KnownNodes {
  readonly #table = new RecordTable();
  readonly #ends = new Map<string, { readonly ttlMs: number; endsAt: number; readonly text: string }>();
  readonly #heardAll: () => Promise<void>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #isDeaf = true;
  #cancel: (() => void) | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;

  /** @param heardAll - resolves when everything that was said before was heard; rejects where that cannot be known. */
  constructor(heardAll: () => Promise<void>, clock: Clock, logger: Logger) {
    this.#heardAll = heardAll;
    this.#clock = clock;
    this.#logger = logger;
  }

  get names(): readonly string[] {
    return this.#table.names;
  }

  recordsOf(name: string): readonly ServiceRecord[] {
    return this.#table.recordsOf(name);
  }

  follow(name: string, events: LatestValue<RegistryEvent>, known: Promise<unknown>): { stop(): void } {
    return this.#table.follow(name, events, known);
  }

  /** A node told of itself. */
  heard(record: ServiceRecord, ttlMs: number): void {
    const key = keyOf(record);
    if (!this.#ends.has(key) && this.#ends.size >= maxKnown) {
      this.#logger.debug('a node was left out: too many are known', { count: this.#ends.size });
      return;
    }
    const text = JSON.stringify(record);
    if (this.#ends.get(key)?.text !== text) this.#table.put(key, record);
    const endsAt = this.#clock.now() + ttlMs;
    this.#ends.set(key, { ttlMs, endsAt, text });
    this.#wakeAt(endsAt);
  }

  /** A node told that it goes. One of the same id at another address is another one. */
  left(record: ServiceRecord): void {
    const key = keyOf(record);
    if (this.#table.get(key)?.nodes[0]?.address === record.nodes[0]?.address) this.#remove(key);
  }

  /** Nothing can be heard any more: what is known stands, and watches are told. */
  deaf(reason: ServiceError): void {
    this.#isDeaf = true;
    this.#table.interrupted(reason);
  }

  /** Everything can be heard again: whoever lives will tell within its time to live. */
  listening(): void {
    this.#isDeaf = false;
    const now = this.#clock.now();
    for (const entry of this.#ends.values()) entry.endsAt = now + entry.ttlMs;
    this.#wakeAt(this.#firstEnd());
  }

  /** What is known is whole again, as far as anybody answers. */
  healed(): void {
    this.#table.healed();
  }

  close(): void {
    this.#cancel?.();
    this.#isDeaf = true;
  }

  #wakeAt(time: number): void {
    if (this.#isDeaf || time >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = time;
    this.#cancel = this.#clock.after(Math.max(0, time - this.#clock.now()), () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now();
    // A connection that is half open, or a process that slept, has not heard what was said meanwhile.
    const isHeard = await this.#heardAll().then(
      () => true,
      () => false,
    );
    this.#wakesAt = Number.POSITIVE_INFINITY;
    if (this.#isDeaf) return;
    for (const [key, { endsAt }] of this.#ends) if (isHeard && endsAt <= now) this.#remove(key);
    this.#wakeAt(isHeard ? this.#firstEnd() : now + againMs);
  }

  #firstEnd(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { endsAt } of this.#ends.values()) first = Math.min(first, endsAt);
    return first;
  }

  #remove(key: string): void {
    this.#ends.delete(key);
    this.#table.delete(key);
  }
}

/** Names and ids have no control characters. */
function keyOf({ name, nodes }: ServiceRecord): string {
  return `${name}\n${nodes[0]?.id}`;
}

/** When it is tried again to hear everything. */
const againMs = 1_000;
/** Only a bound for memory. */
const maxKnown = 100_000;
