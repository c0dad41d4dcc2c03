import {
  type Candidate,
  type Filter,
  type Outcome,
  outcomeKind,
  type Picker,
  type Registry,
  type SelectOptions,
  ServiceError,
} from '@tenon/contract';
import { type HealthParts, ServiceHealth } from './health/service-health.js';
import { ServiceNodes } from './service-nodes.js';

export interface SelectionParts extends HealthParts {
  readonly registry: Registry;
}

/** Chooses among the nodes of one service: the known ones, of them what the filters leave, of those the healthy, and of
 * these the strategy's pick. */
export class ServiceSelection {
  readonly #service: string;
  readonly #parts: SelectionParts;
  readonly #picker: Picker;
  readonly #nodes: ServiceNodes;
  readonly #health: ServiceHealth;

  constructor(service: string, parts: SelectionParts, picker: Picker) {
    this.#service = service;
    this.#parts = parts;
    this.#picker = picker;
    this.#health = new ServiceHealth(service, parts, (candidate) => this.#tellReturned(candidate));
    const { registry, clock, logger, options } = parts;
    const know = (set: readonly Candidate[]): readonly Candidate[] => this.#health.know(set);
    this.#nodes = new ServiceNodes(service, { registry, clock, logger, doubtMs: options.doubtMs, know });
  }

  /** Whether nobody would miss it. */
  get idle(): boolean {
    return this.#nodes.idle;
  }

  /** At once where a set is known and nothing has to be waited for. */
  select(options: SelectOptions): Candidate | Promise<Candidate> {
    const known = this.#nodes.candidates;
    if (known === undefined) return this.#selectLater(options);
    const left = filtered(known, options.filters);
    if (left.length === 0 && options.waitForReady === true) return this.#selectLater(options);
    return this.#choose(known, left, options);
  }

  report(candidate: Candidate, outcome: Outcome): void {
    try {
      this.#picker.report(candidate, outcome);
    } catch (thrown) {
      this.#strategyThrew(thrown);
    }
    this.#health.report(candidate, outcome);
    this.#nodes.report(candidate, outcomeKind(outcome.error), outcome.endedAt);
  }

  close(): Promise<void> {
    return this.#nodes.close();
  }

  async #selectLater(options: SelectOptions): Promise<Candidate> {
    const { signal } = options;
    if (options.waitForReady !== true) {
      const known = await this.#nodes.first(signal);
      return this.#choose(known, filtered(known, options.filters), options);
    }
    for (;;) {
      const known = this.#nodes.candidates ?? [];
      const left = filtered(known, options.filters);
      if (left.length > 0) return this.#choose(known, left, options);
      await this.#nodes.next(signal);
    }
  }

  #choose(known: readonly Candidate[], left: readonly Candidate[], { exclude, key }: SelectOptions): Candidate {
    if (known.length === 0) throw this.#noneLeft('no node of it is registered');
    if (left.length === 0) throw this.#noneLeft(`the filters leave none of its ${known.length} nodes`);
    const usable = this.#health.usable(left, exclude);
    if (usable.length === 0) throw this.#noneLeft('all that are left are excluded, because they failed this call');
    try {
      return this.#picker.pick(usable, key);
    } catch (thrown) {
      this.#health.neverSent(usable);
      this.#strategyThrew(thrown);
      const why = `the strategy could not choose a node of "${this.#service}"`;
      throw new ServiceError('Internal', why, { executed: 'no', service: this.#service, cause: thrown });
    }
  }

  #tellReturned(candidate: Candidate): void {
    try {
      this.#picker.returned?.(candidate);
    } catch (thrown) {
      this.#strategyThrew(thrown);
    }
  }

  #strategyThrew(error: unknown): void {
    this.#parts.logger.error('a strategy threw', { service: this.#service, error });
  }

  #noneLeft(why: string): ServiceError {
    const message = `no node of "${this.#service}": ${why}`;
    return new ServiceError('Unavailable', message, { executed: 'no', service: this.#service });
  }
}

function filtered(known: readonly Candidate[], filters: readonly Filter[] | undefined): readonly Candidate[] {
  let left = known;
  if (filters !== undefined) for (const filter of filters) left = filter(left);
  return left;
}
