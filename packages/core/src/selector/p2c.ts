import { type Candidate, Clock, type Outcome, type Picker, type Provider, provide, Strategy } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

export interface P2cOptions {
  /**
   * How fast old latencies are forgotten: after this time without a sample, a node's average has fallen to 37 %. Range
   * 100 to 600,000, default 10,000, as in Finagle.
   */
  readonly decayMs?: number;
  /**
   * The latency that a failure counts as, at least, so that a node that fails fast never looks attractive. Range 1 to
   * 60,000, default 1,000.
   */
  readonly failurePenaltyMs?: number;
}

/**
 * The default strategy: takes two candidates at random and picks the one with the lower load, where load is the peak
 * EWMA of its latency times the calls under way. Slow, stuck and failing nodes get few calls, without coordination.
 *
 * Sources: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001); the peak EWMA is Finagle's: a
 * sample above the average replaces it at once, one below pulls it down by `exp(−elapsed / decay)`.
 *
 * One departure: of the two, the lighter one is not always picked, but with odds by the square of their loads. With few
 * calls under way the plain rule sends nothing at all to a node that is only a little slower, and never learns better.
 */
export function p2cStrategy(options: P2cOptions = {}): Provider<Strategy> {
  const decayMs = checkedNumber('p2cStrategy.decayMs', options.decayMs, { min: 100, max: 600_000, fallback: 10_000 });
  const penaltyMs = checkedNumber('p2cStrategy.failurePenaltyMs', options.failurePenaltyMs, {
    min: 1,
    max: 60_000,
    fallback: 1_000,
  });
  return provide(Strategy, [Clock], (clock) => ({ picker: () => new P2cPicker(clock, decayMs, penaltyMs) }));
}

/** What is known of one node. */
interface Load {
  averageMs: number;
  sampledAt: number;
  pending: number;
}

class P2cPicker implements Picker {
  readonly #loads = new Map<string, Load>();
  #sweptAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly decayMs: number,
    private readonly penaltyMs: number,
  ) {
    this.#sweptAt = clock.now();
  }

  pick(candidates: readonly Candidate[]): Candidate {
    // The only one needs no comparing, and no time.
    if (candidates.length === 1) return this.#picked(candidates[0] as Candidate);
    return this.#picked(this.#lighterOfTwo(candidates, this.clock.now()));
  }

  report(candidate: Candidate, outcome: Outcome): void {
    const load = this.#loads.get(candidate.node.id);
    if (load === undefined) return;
    load.pending = Math.max(0, load.pending - 1);
    const failed = outcome.error !== undefined && faults.has(outcome.error.code);
    const sample = failed ? Math.max(outcome.elapsedMs, this.penaltyMs) : outcome.elapsedMs;
    const now = outcome.endedAt ?? this.clock.now();
    if (sample > load.averageMs) load.averageMs = sample;
    else {
      const weight = fading((now - load.sampledAt) / this.decayMs);
      load.averageMs = load.averageMs * weight + sample * (1 - weight);
    }
    load.sampledAt = now;
    this.#forgetSilent(now);
  }

  #picked(candidate: Candidate): Candidate {
    let load = this.#loads.get(candidate.node.id);
    if (load === undefined) {
      load = { averageMs: 0, sampledAt: this.clock.now(), pending: 0 };
      this.#loads.set(candidate.node.id, load);
    }
    load.pending += 1;
    return candidate;
  }

  #lighterOfTwo(candidates: readonly Candidate[], now: number): Candidate {
    const first = Math.floor(Math.random() * candidates.length);
    const step = 1 + Math.floor(Math.random() * (candidates.length - 1));
    const one = candidates[first] as Candidate;
    const other = candidates[(first + step) % candidates.length] as Candidate;
    const costOfOne = this.#cost(one, now) ** 2;
    const costOfOther = this.#cost(other, now) ** 2;
    return Math.random() * (costOfOne + costOfOther) < costOfOther ? one : other;
  }

  #cost(candidate: Candidate, now: number): number {
    const load = this.#loads.get(candidate.node.id);
    if (load === undefined) return 1;
    // The average fades while nothing is sent, and is forgotten after three decay times: an avoided node is tried again.
    const silentFor = (now - load.sampledAt) / this.decayMs;
    const average = silentFor > memoryInDecays ? 0 : load.averageMs * Math.exp(-silentFor);
    return (average + 1) * (load.pending + 1);
  }

  /**
   * Drops the nodes whose average counts for nothing any more, which is what becomes of those that are gone. (Candidates
   * do not tell who is gone: a filter may have left the others out.)
   */
  #forgetSilent(now: number): void {
    const memoryMs = memoryInDecays * this.decayMs;
    if (now - this.#sweptAt <= memoryMs) return;
    this.#sweptAt = now;
    for (const [id, load] of this.#loads) {
      if (load.pending === 0 && now - load.sampledAt > memoryMs) this.#loads.delete(id);
    }
  }
}

/** `exp(−decays)`; of the little that passes between two calls of a busy client by the first terms of its series. */
function fading(decays: number): number {
  return decays < 1e-3 ? 1 - decays + (decays * decays) / 2 : Math.exp(-decays);
}

/** After so many decay times without a sample a node's average is forgotten. */
const memoryInDecays = 3;

/** Failures that speak of the node. What a handler answers by choice says nothing about its load. */
const faults: ReadonlySet<string> = new Set([
  'Unavailable',
  'DeadlineExceeded',
  'ResourceExhausted',
  'Internal',
  'Unknown',
  'DataLoss',
]);
