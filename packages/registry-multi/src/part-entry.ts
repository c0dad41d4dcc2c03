import type { Clock, Lease, Logger, ServiceError, ServiceRecord } from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';
import { type Part, partBackoff } from './part.js';

export interface PartEntryOptions {
  readonly part: Part;
  readonly record: ServiceRecord;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the entry comes or goes, with the reason where it goes. */
  readonly onChange: (reason?: ServiceError) => void;
}

/** One record in one registry: put in, tried again until it stands, and taken out. */
export class PartEntry {
  readonly part: Part;
  readonly #options: PartEntryOptions;
  readonly #pause: Pause;
  /** Aborted where the attempt that is under way is not wanted any more. */
  #attempt = new AbortController();
  #lease: Lease | undefined;
  /** An older record's, which stands here until this one does. */
  #inherited: Lease | undefined;
  #stopListening = (): void => {};
  #isWanted = true;
  #isTrying = false;

  constructor(options: PartEntryOptions) {
    this.#options = options;
    this.part = options.part;
    this.#pause = new Pause(options.clock);
  }

  /** Whether it stands in the registry now. */
  get stands(): boolean {
    return this.#lease?.state === 'held';
  }

  /** One attempt. Rejects as the registry does. */
  async put(): Promise<void> {
    const { record, ttlMs } = this.#options;
    const { signal } = this.#attempt;
    const lease = await this.part.started.register(record, { ttlMs, signal });
    if (signal.aborted) {
      await lease.release();
      return;
    }
    this.#lease = lease;
    this.#stopListening();
    this.#stopListening = lease.onChange((state, reason) => this.#changed(state === 'lost' ? reason : undefined));
    this.#options.onChange();
  }

  /** Attempts, one after the other with a backoff, until it stands or is not wanted any more. */
  async keepTrying(): Promise<void> {
    if (this.#isTrying || !this.#isWanted || this.#lease?.state === 'held' || this.#lease?.state === 'lost') return;
    this.#isTrying = true;
    const facts = this.#facts;
    this.#options.logger.warn('a registry does not have our entry yet; it is tried again', facts);
    for (let failures = 1; this.#isWanted && !this.stands; failures += 1) {
      await this.#pause.for(backoffMs(failures, partBackoff));
      if (this.#isWanted)
        await this.put().catch((error) => this.#options.logger.debug('still not', { ...facts, error }));
    }
    this.#isTrying = false;
    if (this.stands) this.#options.logger.info('the registry has our entry now', facts);
  }

  /** No attempt of it comes any more: a newer record is about to take its place. */
  suspend(): void {
    this.#isWanted = false;
    this.#attempt.abort();
    this.#pause.wake();
  }

  /** The newer record was refused everywhere: what is missing of this one is tried again. */
  resume(): void {
    this.#isWanted = true;
    this.#attempt = new AbortController();
    void this.keepTrying();
  }

  /** Takes over what stands in for it until it is in: the entry of the older record that this one replaces. */
  inherit(older: PartEntry): void {
    older.suspend();
    older.#stopListening();
    this.#inherited = older.#lease ?? older.#inherited;
  }

  async release(): Promise<void> {
    this.suspend();
    this.#stopListening();
    await Promise.all([this.#lease?.release(), this.#inherited?.release()]);
  }

  #changed(reason: ServiceError | undefined): void {
    if (reason !== undefined)
      this.#options.logger.warn('one of several registries lost our entry; it is registering it again', {
        ...this.#facts,
        error: reason,
      });
    this.#options.onChange(reason);
  }

  get #facts(): { readonly registry: string; readonly service: string; readonly node: string | undefined } {
    const { record } = this.#options;
    return { registry: this.part.name, service: record.name, node: record.nodes[0]?.id };
  }
}
