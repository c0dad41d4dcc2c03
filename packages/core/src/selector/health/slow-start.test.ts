import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { healthUnderTest } from '../../../test/health-under-test.js';

// Holds are then as long as their bound, and a cold node takes no part.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
afterEach(() => void vi.restoreAllMocks());

describe('a cold node', () => {
  const withSlowStart = (ids: string) => healthUnderTest(ids, { slowStartMs: 10_000 });
  const takesPartAt = (chance: number): void => void vi.mocked(Math.random).mockReturnValue(chance);

  test('is one that joins known ones; it takes part more and more often', async () => {
    const { usable, know, clock } = withSlowStart('ab');
    expect(usable()).toBe('ab');
    know('abc');
    takesPartAt(0);
    expect(usable()).toBe('ab');
    await clock.advance(4_000);
    takesPartAt(0.159);
    expect(usable()).toBe('abc');
    takesPartAt(0.161);
    expect(usable()).toBe('ab');
    await clock.advance(6_000);
    takesPartAt(1);
    expect(usable()).toBe('abc');
    const now = vi.spyOn(clock, 'now');
    usable();
    expect(now).not.toHaveBeenCalled();
  });

  test('is one that comes back', async () => {
    const { usable, report, clock } = withSlowStart('abc');
    report('b', 'unreachable');
    await clock.advance(1_000);
    expect(usable()).toBe('b');
    await clock.advance(1);
    report('b', 'served');
    expect(usable()).toBe('ac');
    await clock.advance(10_000);
    expect(usable()).toBe('abc');
  });

  test('takes its full part while fewer than half are warm', () => {
    const { usable, know } = withSlowStart('a');
    know('ab');
    expect(usable()).toBe('a');
    know('abc');
    expect(usable()).toBe('abc');
  });

  test('is chosen where the warm ones are excluded', () => {
    const { usable, know } = withSlowStart('ab');
    know('abc');
    expect([usable('a'), usable('ab')]).toEqual(['b', 'c']);
  });

  test('there is none in the first set that has nodes, nor with the option at 0', () => {
    const late = withSlowStart('');
    late.know('ab');
    expect(late.usable()).toBe('ab');
    const off = healthUnderTest('ab');
    off.know('abc');
    expect(off.usable()).toBe('abc');
  });
});
