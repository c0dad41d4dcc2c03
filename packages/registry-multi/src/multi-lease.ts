import {
  type Clock,
  type Lease,
  type LeaseState,
  type Logger,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { LeaseHandle } from '@tenon/contract/authoring';
import { type Answer, answersOf, errorOfAll } from './answers.js';
import type { Part } from './part.js';
import { PartEntry } from './part-entry.js';

export interface MultiLeaseOptions {
  readonly parts: readonly Part[];
  readonly record: ServiceRecord;
  readonly ttlMs: number;
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called once, when it is released. */
  readonly onReleased: (lease: MultiLease) => void;
}

/** One lease over the entries of one record in several registries: held while one of them has it, lost when none has. */
export class MultiLease implements Lease {
  readonly #options: MultiLeaseOptions;
  readonly #handle: LeaseHandle;
  readonly #entries: readonly PartEntry[];
  /** The first attempts are over; from now on a loss is told. */
  #hasBegun = false;
  #isReplaced = false;

  constructor(options: MultiLeaseOptions) {
    const { parts, record, ttlMs, clock, logger } = options;
    this.#options = options;
    this.#handle = new LeaseHandle(() => this.#end());
    const onChange = (reason?: ServiceError): void => this.#changed(reason);
    this.#entries = parts.map((part) => new PartEntry({ part, record, ttlMs, clock, logger, onChange }));
  }

  get state(): LeaseState {
    return this.#handle.state;
  }

  onChange(listener: Parameters<Lease['onChange']>[0]): () => void {
    return this.#handle.onChange(listener);
  }

  release(): Promise<void> {
    return this.#handle.release();
  }

  /**
   * Puts the record into every registry. Resolves once all have it; where some fail, or take too long, as soon as one has it,
   * and the others are tried until they have it. Rejects where none takes it, and where one says that it is no record.
   */
  async begin(): Promise<void> {
    const { patienceMs, clock, record } = this.#options;
    const puts = this.#entries.map((entry) => entry.put());
    const answers = await answersOf(puts, patienceMs, clock);
    const failures = answers.flatMap((answer, index) => failureOf(answer, this.#entries[index]?.part));
    const refusal = failures.find(({ error }) => error.code === 'InvalidArgument');
    if (refusal !== undefined) throw refusal.error;
    if (failures.length === this.#entries.length) throw errorOfAll(`no registry takes ${record.name}`, failures);
    this.#hasBegun = true;
    puts.forEach((put, index) => {
      put.catch(() => this.#entries[index]?.keepTrying());
    });
    this.#changed();
  }

  /** Holds back what is not in yet: a newer record of the same node is about to be registered. */
  suspend(): void {
    for (const entry of this.#entries) entry.suspend();
  }

  /** Goes on after {@link suspend}, because the newer record was refused. */
  resume(): void {
    for (const entry of this.#entries) entry.resume();
  }

  /**
   * Takes the place of an older lease of the same node, which counts as released from now on. Where this record is not in yet, the
   * older one stands until it is.
   */
  replace(older: MultiLease): void {
    this.#entries.forEach((entry, index) => {
      entry.inherit(older.#entries[index] as PartEntry);
    });
    older.#isReplaced = true;
    void older.release();
  }

  #changed(reason?: ServiceError): void {
    if (!this.#hasBegun) return;
    if (this.#entries.some(({ stands }) => stands)) this.#handle.confirmed();
    else this.#handle.lost(reason ?? lostError(this.#options.record));
  }

  async #end(): Promise<void> {
    this.#options.onReleased(this);
    if (this.#isReplaced) return;
    const { patienceMs, clock } = this.#options;
    await answersOf(
      this.#entries.map((entry) => entry.release()),
      patienceMs,
      clock,
    );
  }
}

function failureOf(
  answer: Answer<void>,
  part: Part | undefined,
): readonly { readonly name: string; readonly error: ServiceError }[] {
  return answer.kind === 'failed' && part !== undefined ? [{ name: part.name, error: answer.error }] : [];
}

function lostError({ name }: ServiceRecord): ServiceError {
  return new ServiceError('Unavailable', `no registry has our entry of ${name}`, { executed: 'no' });
}
