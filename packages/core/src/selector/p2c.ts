import {
  type Candidate,
  Clock,
  type Outcome,
  outcomeKind,
  type Picker,
  type Provider,
  provide,
  Strategy,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

export interface P2cOptions {
  /**
   * How fast old latencies are forgotten: after this time without a sample, a node's average has fallen to 37 %. Range
   * 100 to 600,000, default 4,000: a node of which 200 ms are remembered has its share back half a minute after it answers
   * in 1 ms, six times this. (Finagle's 10,000 goes with picks by the lower load, which forgive a small difference.)
   */
  readonly decayMs?: number;
  /**
   * The latency that a failure counts as, at least, so that a node that fails fast never looks attractive. A refusal by an
   * overloaded node doubles what it seems to cost, up to a tenth of this. Range 1 to 60,000, default 1,000.
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
 * One departure: of the two, the lighter one is not always picked, but with odds by the cube of their loads. With few
 * calls under way the plain rule sends nothing at all to a node that is only a little slower, and never learns better. By the
 * square, a pause of the caller itself, which looks like latency of every node, sent over 1 % of the calls to a far slower one.
 */
export function p2cStrategy(options: P2cOptions = {}): Provider<Strategy> {
  const decayMs = checkedNumber('p2cStrategy.decayMs', options.decayMs, { min: 100, max: 600_000, fallback: 4_000 });
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
    const now = outcome.endedAt ?? this.clock.now();
    this.#sample(load, outcome, now);
    this.#forgetSilent(now);
  }

  /** What it was worth before it was left out says nothing about it now. */
  returned(candidate: Candidate): void {
    const load = this.#loads.get(candidate.node.id);
    if (load !== undefined) load.averageMs = 0;
  }

  #sample(load: Load, { elapsedMs, error }: Outcome, now: number): void {
    let sample = elapsedMs;
    switch (error === undefined ? 'served' : outcomeKind(error)) {
      case 'served':
        break;
      case 'abandoned':
        // It would have taken at least as long. Giving up early does not make it faster.
        if (elapsedMs <= load.averageMs) return;
        break;
      case 'overloaded':
        sample = Math.max(elapsedMs, Math.min(2 * load.averageMs + 1, this.penaltyMs / 10));
        break;
      default:
        sample = Math.max(elapsedMs, this.penaltyMs);
    }
    if (sample > load.averageMs) load.averageMs = sample;
    else {
      const weight = fading((now - load.sampledAt) / this.decayMs);
      load.averageMs = load.averageMs * weight + sample * (1 - weight);
    }
    load.sampledAt = now;
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
    const costOfOne = this.#cost(one, now) ** 3;
    const costOfOther = this.#cost(other, now) ** 3;
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
