import { type Candidate, type Provider, type Selector, ServiceError, type Strategy } from '@tenon/contract';
import { registrySelector, type SelectorOptions } from '@tenon/core';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { FedRegistry } from './fed-registry.js';
import { RecordingLogger } from './recording-logger.js';

/** How a node answers a call: how long it takes, and with which error. */
export interface Answer {
  readonly ms: number;
  readonly error?: ServiceError;
}

export const served: Answer = { ms: 1 };
export const failing: Answer = { ms: 1, error: new ServiceError('Unavailable', 'broken', { answered: true }) };
export const refusing: Answer = { ms: 1, error: new ServiceError('Unavailable', 'refused', { executed: 'no' }) };

/** Calls at an even pace to nodes that answer as they are told, in time that is moved by hand. */
export class Traffic {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly meter = new RecordingMeter();
  readonly registry = new FedRegistry();
  readonly selector: Selector;
  readonly #answers = new Map<string, () => Answer>();

  constructor(strategy: Provider<Strategy>, options: SelectorOptions = {}) {
    const made = create<Strategy>(strategy, this.clock);
    const parts = [this.registry, made, this.logger, this.clock, this.meter];
    this.selector = create<Selector>(registrySelector(options), ...parts);
  }

  /** The registry's set from now on; each node serves in 1 ms unless it is told otherwise. */
  async register(...ids: readonly string[]): Promise<void> {
    const nodes = ids.map((id) => ({ id, address: `${id}:1`, metadata: {} }));
    const records = [{ name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes }];
    this.registry.set('greeter', { kind: 'set', records: ids.length === 0 ? [] : records });
    await this.clock.advance(0);
    // The watch begins with the first call, as it does in life.
    if (this.registry.watching('greeter') === 0) await this.call();
  }

  answer(node: string, answer: Answer | (() => Answer)): void {
    this.#answers.set(node, typeof answer === 'function' ? answer : () => answer);
  }

  /** One call, which ends when its answer is due. Gives the node that was chosen. */
  async call(exclude?: ReadonlySet<string>): Promise<string> {
    const candidate = await this.selector.select('greeter', exclude === undefined ? {} : { exclude });
    this.#begin(candidate);
    return candidate.node.id;
  }

  /** So many seconds of calls. Gives the share of each node, 0 to 1. */
  async run(seconds: number, perSecond = 200): Promise<Shares> {
    const shares = new Shares();
    for (let call = 0; call < seconds * perSecond; call += 1) {
      const candidate = this.selector.select('greeter') as Candidate;
      this.#begin(candidate);
      shares.add(candidate.node.id);
      await this.clock.advance(1_000 / perSecond);
    }
    return shares;
  }

  async close(): Promise<void> {
    await this.selector.close();
  }

  #begin(candidate: Candidate): void {
    const { ms, error } = this.#answers.get(candidate.node.id)?.() ?? served;
    this.clock.after(ms, () => {
      this.selector.report('greeter', candidate, { elapsedMs: ms, endedAt: this.clock.now(), error });
    });
  }
}

/** How often each node was chosen. */
export class Shares {
  readonly #counts = new Map<string, number>();
  calls = 0;

  add(node: string): void {
    this.calls += 1;
    this.#counts.set(node, this.countOf(node) + 1);
  }

  countOf(node: string): number {
    return this.#counts.get(node) ?? 0;
  }

  of(node: string): number {
    return this.countOf(node) / this.calls;
  }
}

/** The same numbers in every run: Park and Miller's minimal standard generator, for `Math.random`. */
export function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function create<T>(provider: Provider<T>, ...dependencies: unknown[]): T {
  return provider.create(...(dependencies as never[]));
}
