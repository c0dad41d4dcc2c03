import {
  type Clock,
  type Lease,
  type Lifecycle,
  type Logger,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { checkedRegistration, closedError, OpenWatches, orAborted } from '@tenon/contract/authoring';
import { answersOf, errorOfAll } from './answers.js';
import { mergedRecords } from './merged-records.js';
import { MergedWatch } from './merged-watch.js';
import { MultiLease } from './multi-lease.js';
import { Part, type PartOptions } from './part.js';
import { weakest } from './weakest.js';

/** Several registries as one. Whoever uses it notices nothing of one that is away, as long as another is there. */
export class MultiRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #patienceMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #parts: readonly Part[];
  readonly #read: readonly Part[];
  readonly #written: readonly Part[];
  readonly #watches = new OpenWatches(us);
  /** Every lease that is not released. */
  readonly #leases = new Set<MultiLease>();
  /** The newest lease of each node. */
  readonly #newest = new Map<string, MultiLease>();
  #closing: Promise<void> | undefined;

  constructor(parts: readonly Omit<PartOptions, 'name'>[], patienceMs: number, logger: Logger, clock: Clock) {
    this.#patienceMs = patienceMs;
    this.#clock = clock;
    this.#logger = logger.child({ provider: 'registry-multi' });
    this.#parts = parts.map((part, index) => new Part({ ...part, name: nameOf(part, index) }, clock, this.#logger));
    this.#read = this.#parts.filter(({ isRead }) => isRead);
    this.#written = this.#parts.filter(({ isWritten }) => isWritten);
    this.capabilities = weakest(this.#parts);
  }

  /** That of the first registry, where all that are read, or all that are written, are in trouble. */
  get trouble(): ServiceError | undefined {
    if (this.#closing !== undefined) return closedError(us);
    const none = [this.#read, this.#written].find((parts) => parts.every(({ trouble }) => trouble !== undefined));
    return none?.[0]?.trouble;
  }

  /**
   * Starts every registry. Resolves where one of those that are read and one of those that are written has started; the others are
   * tried in the background. Rejects with `Unavailable` otherwise (what has started stays so until `close`), and with what is
   * wrong where a registry says something else than `Unavailable`.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    const settled = await Promise.allSettled(this.#parts.map((part) => part.start(signal)));
    const failures = settled.flatMap((result, index) => {
      const part = this.#parts[index] as Part;
      return result.status === 'rejected' ? { part, name: part.name, error: result.reason as ServiceError } : [];
    });
    const wrong = failures.find(({ error }) => error.code !== 'Unavailable');
    if (wrong !== undefined) throw wrong.error;
    const failed = new Set(failures.map(({ part }) => part));
    if ([this.#read, this.#written].some((parts) => parts.every((part) => failed.has(part))))
      throw errorOfAll('too few registries can be reached', failures);
    for (const { part, error } of failures) {
      part.away(error);
      void part.keepStarting();
    }
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    this.#assertOpen();
    const key = JSON.stringify([record.name, node.id]);
    const earlier = this.#newest.get(key);
    const lease = new MultiLease({
      parts: this.#written,
      record,
      ttlMs,
      patienceMs: this.#patienceMs,
      clock: this.#clock,
      logger: this.#logger,
      onReleased: () => this.#forget(key, lease),
    });
    this.#leases.add(lease);
    try {
      await orAborted(signal, () => {
        earlier?.suspend();
        return lease.begin();
      });
      this.#assertOpen();
    } catch (thrown) {
      void lease.release();
      if (earlier?.state !== 'released') earlier?.resume();
      throw thrown;
    }
    this.#newest.set(key, lease);
    if (earlier !== undefined && earlier.state !== 'released') lease.replace(earlier);
    return lease;
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    const { answers, failures } = await this.#ask(signal, (registry, either) =>
      registry.lookup(name, { signal: either }),
    );
    const records = mergedRecords(answers);
    // That nobody offers it can be said only by all.
    if (records.length === 0 && failures.length > 0)
      throw errorOfAll(`no node is known of ${name}, and a registry does not answer`, failures);
    return records;
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    const { answers } = await this.#ask(signal, (registry, either) => registry.list({ signal: either }));
    return Object.freeze([...new Set(answers.flat())].sort());
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    const context = { parts: this.#read, patienceMs: this.#patienceMs, clock: this.#clock };
    return this.#watches.watch((events) => new MergedWatch(name, context, events), options?.signal);
  }

  /** Drains every registry that has something to drain. */
  async drain(signal: AbortSignal): Promise<void> {
    await all(this.#parts.map((part) => part.drain(signal)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await Promise.all([...this.#leases].map((lease) => lease.release()));
    await all(this.#parts.map((part) => part.close()));
  }

  /** Asks every registry that is read. Rejects where none answers; what is slow is left behind. */
  async #ask<T>(
    signal: AbortSignal | undefined,
    question: (registry: Registry, signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly answers: readonly T[]; readonly failures: readonly { name: string; error: ServiceError }[] }> {
    this.#assertOpen();
    const over = new AbortController();
    try {
      const asked = this.#read.map(async (part) => question(part.started, over.signal));
      const outcomes = await orAborted(signal, () => answersOf(asked, this.#patienceMs, this.#clock));
      const failures = outcomes.flatMap((outcome, index) => {
        if (outcome.kind === 'answered') return [];
        const part = this.#read[index] as Part;
        return { part, name: part.name, error: outcome.kind === 'failed' ? outcome.error : slow(this.#patienceMs) };
      });
      if (failures.length === this.#read.length) throw errorOfAll('no registry answers', failures);
      for (const { part, error } of failures) part.away(error);
      return { answers: outcomes.flatMap((outcome) => (outcome.kind === 'answered' ? [outcome.value] : [])), failures };
    } finally {
      over.abort();
    }
  }

  #forget(key: string, lease: MultiLease): void {
    this.#leases.delete(lease);
    if (this.#newest.get(key) === lease) this.#newest.delete(key);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

/** Waits for all, also where some fail, and then rejects with the first failure. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/** `EtcdRegistry 1`: two of a kind differ by where they stand. */
function nameOf({ registry }: { readonly registry: Registry }, index: number): string {
  return `${registry.constructor.name} ${index + 1}`;
}

function slow(patienceMs: number): ServiceError {
  return new ServiceError('Unavailable', `no answer within ${patienceMs} ms after another`, { executed: 'no' });
}

/** For errors. */
const us = 'the registry over several';
