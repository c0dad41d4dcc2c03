import type { Clock } from '@tenon/contract';
import { checkedNumber, systemClock } from '@tenon/contract/authoring';

export interface OpenLoopLoadOptions {
  /** Calls a second, evenly spaced. Range 0.01 to 1,000,000. */
  readonly rate: number;
  /** For how long calls are begun. Range 1 to 86,400,000 ms. */
  readonly durationMs: number;
  /** Makes call number `n`, counted from 0. What it resolves with is not looked at: reject where an answer is wrong. */
  readonly call: (n: number) => Promise<unknown>;
  /** Bound for calls under way at once. Reaching it makes the run void. Range 1 to 1,000,000, default 10,000. */
  readonly maxInFlight?: number;
  /** Sending later than intended by more than this makes the run void. Range 1 to 60,000 ms, default 50. */
  readonly maxLagMs?: number;
  /** The length of the intervals of the result. Range 1 to 3,600,000 ms, default 100. */
  readonly intervalMs?: number;
  /** How long the last calls are waited for. What has not ended then counts as failed. Default 30,000 ms. */
  readonly settleMs?: number;
  /** The time that is read. Default: real time. */
  readonly clock?: Clock;
}

export interface ResolvedLoadOptions extends Required<OpenLoopLoadOptions> {}

export function resolveLoadOptions(options: OpenLoopLoadOptions): ResolvedLoadOptions {
  const number = (
    name: keyof OpenLoopLoadOptions,
    min: number,
    max: number,
    fallback: number,
    integer = true,
  ): number => checkedNumber(`load.${name}`, options[name] as number | undefined, { min, max, fallback, integer });
  return Object.freeze({
    call: options.call,
    clock: options.clock ?? systemClock(),
    rate: number('rate', 0.01, 1_000_000, 1, false),
    durationMs: number('durationMs', 1, 86_400_000, 1),
    maxInFlight: number('maxInFlight', 1, 1_000_000, 10_000),
    maxLagMs: number('maxLagMs', 1, 60_000, 50, false),
    intervalMs: number('intervalMs', 1, 3_600_000, 100),
    settleMs: number('settleMs', 0, 3_600_000, 30 * 1_000),
  });
}
