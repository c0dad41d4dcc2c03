import type { OutcomeKind } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { Breaker, type BreakerState } from './breaker.js';
import { resolveBreakerOptions } from './breaker-options.js';

function setUp() {
  const states: BreakerState[] = [];
  const breaker = new Breaker(resolveBreakerOptions(), (state) => states.push(state));
  /** Calls one after another; whether each passed. */
  const calls = (now: number, ...kinds: OutcomeKind[]): readonly boolean[] =>
    kinds.map((kind) => {
      if (breaker.refusal('greeter', 'Greeter.Hello', now) !== undefined) return false;
      breaker.ended(kind, now, breaker.changes);
      return true;
    });
  return { breaker, states, calls };
}

const times = (count: number, kind: OutcomeKind): OutcomeKind[] => Array.from({ length: count }, () => kind);

describe('a closed breaker', () => {
  test('opens where half of twenty calls fail', () => {
    const { states, calls } = setUp();
    calls(0, ...times(10, 'served'), ...times(9, 'broken'));
    expect(states).toEqual([]);
    calls(9_000, 'late');
    expect(states).toEqual(['open']);
    expect(calls(9_001, 'served')).toEqual([false]);
  });

  test('stays closed while there are few calls, or few of them fail', () => {
    const { states, calls } = setUp();
    calls(0, ...times(19, 'broken'));
    expect(states).toEqual([]);
    const other = setUp();
    other.calls(0, ...times(100, 'served'), ...times(99, 'failed'));
    expect(other.states).toEqual([]);
  });

  test('forgets what is older than ten seconds', () => {
    const { states, calls } = setUp();
    calls(0, ...times(19, 'broken'));
    calls(10_000, 'broken');
    expect(states).toEqual([]);
  });

  test.each(['served', 'abandoned'] as const)('does not count as failed what was %s', (kind) => {
    const { states, calls } = setUp();
    calls(0, ...times(50, kind));
    expect(states).toEqual([]);
  });

  test.each(['unreachable', 'broken', 'draining', 'overloaded', 'late', 'failed'] as const)('counts %s', (kind) => {
    const { states, calls } = setUp();
    calls(0, ...times(20, kind));
    expect(states).toEqual(['open']);
  });
});

describe('an open breaker', () => {
  function opened() {
    const all = setUp();
    all.calls(0, ...times(20, 'broken'));
    return all;
  }

  test('refuses by its name, without anything having run', () => {
    const { breaker } = opened();
    expect(breaker.refusal('greeter', 'Greeter.Hello', 4_999)).toMatchObject({
      code: 'Unavailable',
      executed: 'no',
      answered: false,
      rawMessage: 'the circuit breaker of greeter Greeter.Hello is open: too many of its calls have failed',
    });
  });

  test('lets one call through after five seconds, and closes with its success', () => {
    const { breaker, states, calls } = opened();
    expect(breaker.refusal('greeter', 'Greeter.Hello', 5_000)).toBeUndefined();
    const { changes } = breaker;
    expect(breaker.refusal('greeter', 'Greeter.Hello', 5_001)?.rawMessage).toContain('is half open');
    breaker.ended('served', 5_002, changes);
    expect(states).toEqual(['open', 'half_open', 'closed']);
    // Its old failures are forgotten.
    expect(calls(5_003, 'broken', 'broken')).toEqual([true, true]);
    expect(states).toHaveLength(3);
  });

  test('stays open for as long again where that call fails', () => {
    const { states, calls } = opened();
    expect(calls(5_000, 'failed')).toEqual([true]);
    expect(calls(9_999, 'served')).toEqual([false]);
    expect(calls(10_000, 'served')).toEqual([true]);
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
  });

  test('lets the next through where its caller gave up', () => {
    const { states, calls } = opened();
    expect(calls(5_000, 'abandoned', 'served')).toEqual([true, true]);
    expect(states.at(-1)).toBe('closed');
  });

  test('lets another through where that call says nothing for as long', () => {
    const { breaker } = opened();
    const refusals = [5_000, 9_999, 10_000].map((now) => breaker.refusal('greeter', 'Greeter.Hello', now));
    expect(refusals.map((refusal) => refusal === undefined)).toEqual([true, false, true]);
  });

  test('learns nothing from calls that began before it opened', () => {
    const { breaker, states } = setUp();
    const before = breaker.changes;
    for (let call = 0; call < 20; call += 1) breaker.ended('broken', 0, before);
    expect(breaker.refusal('greeter', 'Greeter.Hello', 5_000)).toBeUndefined();
    breaker.ended('served', 5_001, before);
    expect(states).toEqual(['open', 'half_open']);
  });
});
