import { choiceMs } from '../nodes/choices.js';
import type { LoadFindings } from '../nodes/orders.js';

/** The share of a caller's attempts that went to one address, from a time of its load on. */
export function shareOfAttempts({ choices }: LoadFindings, address: string, fromMs = 0): number {
  const from = Math.ceil(fromMs / choiceMs);
  const after = (series: readonly number[] = []): number => series.slice(from).reduce((sum, count) => sum + count, 0);
  const all = Object.values(choices).reduce((sum, series) => sum + after(series), 0);
  return all === 0 ? Number.NaN : after(choices[address]) / all;
}

/**
 * How long after a time of the load an address was still in use: until the last attempt on it that was not alone. One attempt
 * with none for {@link aloneMs} on either side is the trial that finds out whether the node is back.
 */
export function inUseFor({ choices }: LoadFindings, address: string, sinceMs: number): number {
  const series = choices[address] ?? [];
  const alone = aloneMs / choiceMs;
  const inUse = series.findLastIndex((count, index) => {
    if (count === 0) return false;
    const near = series.slice(Math.max(0, index - alone), index + alone + 1);
    return near.reduce((sum, one) => sum + one, 0) > 1;
  });
  return Math.max(0, (inUse + 1) * choiceMs - sinceMs);
}

/** How many attempts an address got, from a time of the load on. */
export function attemptsOn({ choices }: LoadFindings, address: string, fromMs = 0): number {
  return (choices[address] ?? []).slice(Math.ceil(fromMs / choiceMs)).reduce((sum, count) => sum + count, 0);
}

/** By how much calls exceeded their deadline, at most. Needs `slowMs` in the order, not above the deadline. */
export function overtimeMs({ slow }: LoadFindings, timeoutMs: number): number {
  return slow.reduce((most, { elapsedMs }) => Math.max(most, elapsedMs - timeoutMs), 0);
}

const aloneMs = 240;
