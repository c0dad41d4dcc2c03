import { isDeepStrictEqual } from 'node:util';
import { type CancelTimer, type Clock, type RegistryEvent, ServiceError, type ServiceRecord } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause } from '@tenon/contract/authoring';
import { errorOfAll } from './answers.js';
import { idsOf, mergedRecords, withoutNodes } from './merged-records.js';
import { type Part, partBackoff } from './part.js';

export interface MergedWatchContext {
  /** The registries that are read. */
  readonly parts: readonly Part[];
  readonly patienceMs: number;
  readonly clock: Clock;
}

/**
 * One watch over several registries.
 *
 * A registry that is away keeps its last set, less what one that is there has let go since. The watch is interrupted only where
 * all of them are. That nobody offers the service is said only where every registry has been heard.
 */
export class MergedWatch {
  readonly #service: string;
  readonly #context: MergedWatchContext;
  readonly #events: LatestValue<RegistryEvent>;
  readonly #views: readonly View[];
  readonly #stop = new AbortController();
  #cancelPatience: CancelTimer | undefined;
  #isPatient = true;
  /** What was told last: a set, or that there is none now. */
  #told: readonly ServiceRecord[] | 'error' | undefined;

  constructor(service: string, context: MergedWatchContext, events: LatestValue<RegistryEvent>) {
    this.#service = service;
    this.#context = context;
    this.#events = events;
    this.#views = context.parts.map((part) => ({ part, records: undefined, error: undefined }));
    for (const view of this.#views) void this.#follow(view);
  }

  stop(): void {
    this.#cancelPatience?.();
    this.#stop.abort();
  }

  /** Reads one registry's watch, and begins another where that ends. */
  async #follow(view: View): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#stop;
    const pause = new Pause(clock);
    signal.addEventListener('abort', () => pause.wake(), { once: true });
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        for await (const event of view.part.started.watch(this.#service, { signal })) {
          if (signal.aborted) return;
          failures = 0;
          if (event.kind === 'set') this.#heard(view, event.records);
          else this.#lost(view, event.error);
        }
        if (!signal.aborted) this.#lost(view, new ServiceError('Unavailable', 'the watch ended', { executed: 'no' }));
      } catch (thrown) {
        if (!signal.aborted) this.#lost(view, ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' }));
      }
      if (!signal.aborted) await pause.for(backoffMs(failures, partBackoff));
    }
  }

  #heard(view: View, records: readonly ServiceRecord[]): void {
    const left = idsOf(records);
    const gone = new Set([...idsOf(view.records ?? [])].filter((id) => !left.has(id)));
    view.records = records;
    view.error = undefined;
    for (const other of this.#views) {
      if (other.error !== undefined && other.records !== undefined && gone.size > 0)
        other.records = withoutNodes(other.records, gone);
    }
    this.#tell();
  }

  #lost(view: View, error: ServiceError): void {
    view.error = error;
    if (this.#views.some((other) => other.error === undefined)) view.part.away(error);
    this.#tell();
  }

  #tell(): void {
    const isWaiting = ({ records, error }: View): boolean => records === undefined && error === undefined;
    const failures = this.#views.flatMap(({ part, error }) => (error === undefined ? [] : { name: part.name, error }));
    if (failures.length === this.#views.length) this.#tellError(errorOfAll(`no registry can be followed`, failures));
    else if (this.#isPatient && this.#views.some(isWaiting)) this.#beginPatience();
    else this.#tellSet(failures);
  }

  #tellSet(failures: readonly { readonly name: string; readonly error: ServiceError }[]): void {
    // What is followed now is believed before what was.
    const inOrder = [...this.#views].sort(
      (one, other) => Number(one.error !== undefined) - Number(other.error !== undefined),
    );
    const set = mergedRecords(inOrder.flatMap(({ records }) => (records === undefined ? [] : [records])));
    const unheard = this.#views.filter(({ records }) => records === undefined);
    if (set.length === 0 && unheard.length > 0) {
      const silent = unheard.map(({ part }) => part.name).join(', ');
      this.#tellError(errorOfAll(`no node is known of ${this.#service}, and nothing was heard of ${silent}`, failures));
    } else if (this.#told === undefined || this.#told === 'error' || !isDeepStrictEqual(this.#told, set)) {
      this.#told = set;
      this.#events.set({ kind: 'set', records: set });
    }
  }

  #tellError(error: ServiceError): void {
    if (this.#told === 'error') return;
    this.#told = 'error';
    this.#events.set({ kind: 'error', error });
  }

  /** The first set waits a while for those that have not been heard yet. */
  #beginPatience(): void {
    const { clock, patienceMs } = this.#context;
    this.#cancelPatience ??= clock.after(patienceMs, () => {
      this.#isPatient = false;
      this.#tell();
    });
  }
}

/** What one registry knows. */
interface View {
  readonly part: Part;
  /** Its last set; undefined before the first. */
  records: readonly ServiceRecord[] | undefined;
  /** Why its last set may be old. */
  error: ServiceError | undefined;
}
