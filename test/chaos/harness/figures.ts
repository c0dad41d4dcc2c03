import type { FailureGroup, LoadResult } from '@tenon/testing/open-loop-load';
import type { LoadFindings } from '../nodes/orders.js';
import type { TargetReport } from '../nodes/target-state.js';
import { VoidRun } from './row.js';

/** The same result, where it counts. Throws `VoidRun` where the generator itself was too late. */
export function counted<T extends LoadResult & Partial<Pick<LoadFindings, 'longestStall'>>>(result: T): T {
  const { voidBecause, longestStall: stall } = result;
  if (voidBecause === undefined) return result;
  const whose = stall && `; its loop stood still for ${ms(stall.ms)}, of which it computed ${ms(stall.ownCpuMs)}`;
  throw new VoidRun(`${voidBecause}${whose ?? ''}`);
}

/** `nodes stood still for 310 ms at most, of which they computed 4.0 ms`: little of it, and the machine was busy with others. */
export function stallOf(reports: readonly TargetReport[]): string {
  const [longest] = reports.map(({ longestStall }) => longestStall).sort((one, other) => other.ms - one.ms);
  if (longest === undefined) return 'no node was asked';
  return `nodes stood still for ${ms(longest.ms)} at most, of which they computed ${ms(longest.ownCpuMs)}`;
}

/**
 * `0 of 60,000 (95 %: < 0.005 %)`: with none of n seen, the true share is below 3/n, with 95 % confidence (the rule of three).
 * `12 of 60,000 (0.02 %)` where some were.
 */
export function shareOf(count: number, n: number): string {
  if (count === 0) return `0 of ${number(n)} (95 %: < ${percent(3 / n)})`;
  return `${number(count)} of ${number(n)} (${percent(count / n)})`;
}

/** `12 × Unavailable (maybe), from 3,010 to 3,044 ms: no node answers`, for what did fail. */
export function failuresOf(failures: readonly FailureGroup[]): string {
  return failures
    .map(({ code, executed, count, firstAtMs, lastAtMs, samples }) => {
      const when = `from ${number(Math.round(firstAtMs))} to ${number(Math.round(lastAtMs))} ms`;
      return `${number(count)} × ${code} (executed: ${executed}), ${when}: ${samples[0] ?? ''}`;
    })
    .join('; ');
}

/** `3.1 ms` */
export function ms(value: number): string {
  return `${value >= 100 ? number(Math.round(value)) : value.toFixed(1)} ms`;
}

/** `1.4×` */
export function times(value: number): string {
  return `${value.toFixed(2)}×`;
}

/** `60,000` */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** Two digits that mean something: `0.005 %`, `12 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

/** `3.1 MiB` */
export function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** The middle one; of an even number, the larger of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
