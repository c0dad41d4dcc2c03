import { performance } from 'node:perf_hooks';
import {
  type Candidate,
  type Outcome,
  type Provider,
  registrySelector,
  roundRobinStrategy,
  type SelectOptions,
  Selector,
  wrapped,
} from 'tenon';
import { addTo } from './load-answers.js';
import type { CallOrder } from './orders.js';

/**
 * Which nodes a caller sends its attempts to: counted where they are chosen, so that those count too that were refused, or never
 * heard of.
 */
export class Choices {
  /** What the caller's app is made with. */
  readonly modules: readonly Provider[];
  readonly #beganAt = performance.now();
  readonly #series = new Map<string, number[]>();

  /** @param strategy - as in the caller's order. */
  constructor(strategy?: CallOrder['strategy']) {
    // The selector that users get, counted.
    const selector = wrapped(registrySelector(), (inner) => new CountedSelector(inner, this));
    this.modules = strategy === undefined ? [selector] : [selector, roundRobinStrategy()];
  }

  chose({ node }: Candidate): void {
    let series = this.#series.get(node.address);
    if (series === undefined) {
      series = [];
      this.#series.set(node.address, series);
    }
    addTo(series, this.#index(performance.now()));
  }

  /** By address, how many in each {@link choiceMs} since a time of `performance.now()`. */
  since(at: number): Readonly<Record<string, readonly number[]>> {
    const from = this.#index(at);
    return Object.fromEntries([...this.#series].map(([address, series]) => [address, series.slice(from)]));
  }

  #index(at: number): number {
    return Math.floor((at - this.#beganAt) / choiceMs);
  }
}

/** The length of what choices are counted by. */
export const choiceMs = 20;

class CountedSelector implements Selector {
  constructor(
    private readonly inner: Selector,
    private readonly choices: Choices,
  ) {}

  select(service: string, options?: SelectOptions): Candidate | Promise<Candidate> {
    const chosen = this.inner.select(service, options);
    if (chosen instanceof Promise) return this.#waited(chosen);
    this.choices.chose(chosen);
    return chosen;
  }

  report(service: string, candidate: Candidate, outcome: Outcome): void {
    this.inner.report(service, candidate, outcome);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async #waited(choosing: Promise<Candidate>): Promise<Candidate> {
    const chosen = await choosing;
    this.choices.chose(chosen);
    return chosen;
  }
}
