import type { OutcomeKind } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { type EjectionOptions, resolveSelectorOptions } from '../selector-options.js';
import { type EjectionReason, Evidence } from './evidence.js';

/** What the last of these outcomes, 10 ms apart, brings about. */
function after(
  kinds: readonly OutcomeKind[],
  { elapsedMs = 1_000, ...options }: Options = {},
): EjectionReason | undefined {
  const { ejection } = resolveSelectorOptions({ ejection: options });
  if (ejection === undefined) throw new Error('it is on');
  const evidence = new Evidence(ejection);
  let reason: EjectionReason | undefined;
  kinds.forEach((kind, index) => {
    reason = undefined;
    if (kind === 'served') evidence.served(index * 10);
    else reason = evidence.against(kind, elapsedMs, index * 10);
  });
  return reason;
}

interface Options extends EjectionOptions {
  readonly elapsedMs?: number;
}

const times = (count: number, ...kinds: OutcomeKind[]): OutcomeKind[] =>
  Array.from({ length: count }, () => kinds).flat();

describe('a node is ejected', () => {
  test.each(['unreachable', 'draining'] as const)('at once when it is %s', (kind) => {
    expect(after([kind])).toBe(kind);
  });

  test('when its connection breaks a second time with no answer in between', () => {
    expect(after(['broken'])).toBeUndefined();
    expect(after(['broken', 'broken'])).toBe('broken');
    expect(after(['broken', 'served', 'broken'])).toBeUndefined();
    expect(after(['broken', 'failed', 'broken'])).toBeUndefined();
  });

  test('by the fifth failure in a row, of whatever kind', () => {
    expect(after(times(4, 'failed'))).toBeUndefined();
    expect(after(times(5, 'failed'))).toBe('consecutive_failures');
    expect(after(['failed', 'late', 'broken', 'failed', 'late'])).toBe('consecutive_failures');
    expect(after([...times(4, 'failed'), 'served', ...times(4, 'failed')])).toBeUndefined();
    expect(after(times(3, 'failed'), { consecutiveFailures: 3 })).toBe('consecutive_failures');
  });

  test('by the rate, from ten outcomes on', () => {
    expect(after(times(2, 'served', 'served', 'failed'))).toBeUndefined();
    expect(after([...times(3, 'served', 'served', 'failed'), 'failed'])).toBe('success_rate');
    expect(after([...times(8, 'served'), 'failed', 'failed'])).toBeUndefined();
    expect(after([...times(3, 'served', 'served', 'failed'), 'failed'], { minSuccessRate: 0 })).toBeUndefined();
  });
});

describe('a node is not ejected', () => {
  test.each(['overloaded', 'abandoned', 'served'] as const)('by being %s, however often', (kind) => {
    expect(after(times(100, kind))).toBeUndefined();
    expect(after([...times(4, 'failed'), kind])).toBeUndefined();
  });

  test('by callers who give it less than half a second', () => {
    expect(after(times(100, 'late'), { elapsedMs: 499 })).toBeUndefined();
    expect(after(times(5, 'late'), { elapsedMs: 500 })).toBe('consecutive_failures');
    expect(after(times(100, 'late'), { elapsedMs: Number.NaN })).toBeUndefined();
  });
});
