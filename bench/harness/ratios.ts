import type { Figures } from '../child/figures.js';
import type { Result } from './result.js';

/** One figure of `one` to that of `other` in each repetition: both saw the same machine. */
export function ratios(
  results: readonly Result[],
  one: string,
  other: string,
  figure: (figures: Figures) => number,
): readonly number[] {
  const heatsOf = (name: string): readonly Figures[] => results.find(({ entrant }) => entrant === name)?.heats ?? [];
  const others = heatsOf(other);
  return heatsOf(one).flatMap((figures, repetition) => {
    const beside = others[repetition];
    return beside === undefined ? [] : [figure(figures) / figure(beside)];
  });
}

/** Operations a second of the first load. */
export function rateOf({ rates }: Figures): number {
  return rates[0] ?? Number.NaN;
}

/** CPU time of client and server together for each operation, in microseconds. */
export function cpuOf({ clientCpuMicros, serverCpuMicros }: Figures): number {
  return clientCpuMicros + serverCpuMicros;
}
