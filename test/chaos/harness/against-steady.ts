import type { LoadResult } from '@tenon/testing/open-loop-load';
import { ms, times } from './figures.js';
import { VoidRun } from './row.js';

/** A p99 under a fault, held against that of the same load without it. */
export interface AgainstSteady {
  readonly isWithin: boolean;
  /** `p99 3.1 ms, 1.04× of 3.0 ms` */
  readonly figure: string;
}

/**
 * Compares with what the same run measured before and after the fault. What is within the bar of the lower of those two passes. The
 * machine did not hold still, and the run says nothing, where they differ by more than the bar and it lies between; and where it is
 * beyond only in some seconds, so that the p99 of the typical second is within: a fault that lasts would show in each.
 *
 * @throws VoidRun in these cases.
 */
export function againstSteady(
  fault: LoadResult,
  { before, after, bar }: { readonly before: LoadResult; readonly after: LoadResult; readonly bar: number },
): AgainstSteady {
  const p99Ms = fault.latencyMs.p99;
  const steady = [before.latencyMs.p99, after.latencyMs.p99];
  const [lowMs, highMs] = [Math.min(...steady), Math.max(...steady)];
  const figure = `p99 ${ms(p99Ms)}, ${times(p99Ms / highMs)} of ${ms(highMs)} (before and after: ${steady.map(ms).join(', ')})`;
  if (p99Ms <= bar * lowMs) return { isWithin: true, figure };
  if (p99Ms <= bar * highMs) {
    if (highMs > bar * lowMs) throw new VoidRun(`without any fault ${figure}`);
    return { isWithin: true, figure };
  }
  const typicalMs = typicalOf(fault);
  const typical = `in the typical second ${ms(typicalMs)}, without the fault ${ms(typicalOf(before))} and ${ms(typicalOf(after))}`;
  if (typicalMs <= bar * Math.max(typicalOf(before), typicalOf(after))) throw new VoidRun(`${figure}, but ${typical}`);
  return { isWithin: false, figure: `${figure}; ${typical}` };
}

/** The median of the p99s of the load's intervals. */
function typicalOf({ intervals }: LoadResult): number {
  const sorted = intervals.map(({ p99Ms }) => p99Ms).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
