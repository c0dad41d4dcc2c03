import {
  type Candidate,
  type Outcome,
  type Picker,
  type SelectOptions,
  type Selector,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';

/** What makes the pickers of a reference selector. */
export type Pickers = (service: string) => Picker;

/** The smallest selector that keeps the contract: the suite is shown on it, and its mutants are made of it. */
export class ReferenceSelector implements Selector {
  readonly #services = new Map<string, ServiceState>();
  readonly #pickers: Pickers;
  #closed = false;

  constructor(pickers: Pickers) {
    this.#pickers = pickers;
  }

  /** What the registry says, now. */
  update(service: string, records: readonly ServiceRecord[]): void {
    const state = this.#state(service);
    state.candidates = records.flatMap((record) => record.nodes.map((node) => Object.freeze({ node, record })));
    for (const ready of state.waiting.splice(0)) ready();
  }

  select(service: string, options: SelectOptions = {}): Candidate | Promise<Candidate> {
    if (this.#closed) throw closedError();
    const state = this.#state(service);
    if (state.candidates === undefined) return this.#selectLater(service, options);
    if (options.waitForReady === true && filtered(state.candidates, options).length === 0)
      return this.#selectLater(service, options);
    return choose(service, state, options);
  }

  report(service: string, candidate: Candidate, outcome: Outcome): void {
    this.#services.get(service)?.picker.report(candidate, outcome);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { waiting } of this.#services.values()) for (const ready of waiting.splice(0)) ready();
  }

  async #selectLater(service: string, options: SelectOptions): Promise<Candidate> {
    const { signal } = options;
    const state = this.#state(service);
    if (!signal?.aborted) {
      await new Promise<void>((resolve) => {
        state.waiting.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (signal?.aborted) throw new ServiceError('Canceled', 'the select was aborted', { executed: 'no' });
    return this.select(service, options);
  }

  #state(service: string): ServiceState {
    let state = this.#services.get(service);
    if (state === undefined) {
      state = { candidates: undefined, waiting: [], picker: this.#pickers(service) };
      this.#services.set(service, state);
    }
    return state;
  }
}

interface ServiceState {
  candidates: readonly Candidate[] | undefined;
  readonly waiting: (() => void)[];
  readonly picker: Picker;
}

function choose(service: string, state: ServiceState, options: SelectOptions): Candidate {
  let left = state.candidates ?? [];
  if (left.length === 0) throw unavailable(service, 'has no node');
  left = filtered(left, options);
  if (left.length === 0) throw unavailable(service, 'has no node that passes the filters');
  left = left.filter(({ node }) => !options.exclude?.has(node.id));
  if (left.length === 0) throw unavailable(service, 'has no node that is not excluded');
  return state.picker.pick(left, options.key);
}

function filtered(candidates: readonly Candidate[], { filters = [] }: SelectOptions): readonly Candidate[] {
  return filters.reduce((left, filter) => filter(left), candidates);
}

function unavailable(service: string, why: string): ServiceError {
  return new ServiceError('Unavailable', `${service} ${why}`, { executed: 'no' });
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the selector is closed', { executed: 'no' });
}
