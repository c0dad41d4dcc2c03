import type { Candidate, Outcome, Picker } from '@tenon/contract';

/** Each candidate in turn. */
export function roundRobin(): Picker {
  let next = 0;
  return { pick: (candidates) => candidates[next++ % candidates.length]!, report: () => {} };
}

/** Any candidate. */
export function randomPicker(): Picker {
  return { pick: (candidates) => candidates[Math.floor(Math.random() * candidates.length)]!, report: () => {} };
}

/** Always the first: a strategy that shares nothing, as a hash of one key does. */
export function firstOnly(): Picker {
  return { pick: (candidates) => candidates[0]!, report: () => {} };
}

/** Which parts of {@link p2c} a mutant leaves out. */
export interface P2cFaults {
  readonly ignoresElapsed?: boolean;
  readonly ignoresUnderWay?: boolean;
  readonly ignoresFailures?: boolean;
  readonly neverForgives?: boolean;
  readonly countsBelowZero?: boolean;
}

/** The cheaper of two: peak-sensitive cost that fades with time, times the calls under way. */
export function p2c(now: () => number, faults: P2cFaults = {}): Picker {
  const known = new Map<string, { costMs: number; at: number; underWay: number }>();
  const stateOf = ({ node }: Candidate) => {
    const state = known.get(node.id) ?? { costMs: 1, at: now(), underWay: 0 };
    known.set(node.id, state);
    return state;
  };
  const faded = (state: { costMs: number; at: number }) =>
    faults.neverForgives ? state.costMs : state.costMs * Math.exp((state.at - now()) / 10_000);
  const price = (candidate: Candidate) => {
    const state = stateOf(candidate);
    return Math.max(faded(state), 0.1) * (faults.ignoresUnderWay ? 1 : 1 + state.underWay);
  };
  return {
    pick(candidates) {
      const first = Math.floor(Math.random() * candidates.length);
      const second = (first + 1 + Math.floor(Math.random() * (candidates.length - 1))) % candidates.length;
      const [one, other] = [candidates[first]!, candidates[second]!];
      const chosen = price(other) < price(one) ? other : one;
      stateOf(chosen).underWay += 1;
      return chosen;
    },
    report(candidate, outcome) {
      const state = stateOf(candidate);
      state.underWay = faults.countsBelowZero ? state.underWay - 1 : Math.max(0, state.underWay - 1);
      const measuredMs = costOf(outcome, faults);
      if (!Number.isFinite(measuredMs)) return;
      state.costMs = Math.max(faded(state), measuredMs);
      state.at = now();
    },
  };
}

function costOf(outcome: Outcome, faults: P2cFaults): number {
  if (outcome.error !== undefined && !faults.ignoresFailures) return 5_000;
  return faults.ignoresElapsed ? 10 : outcome.elapsedMs;
}
