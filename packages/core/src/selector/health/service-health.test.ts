import type { Candidate } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { candidateOf, errors, healthUnderTest, idsOf } from '../../../test/health-under-test.js';

// Holds are then as long as their bound, and a cold node takes no part.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
afterEach(() => void vi.restoreAllMocks());

test('among nodes that are well the list itself comes back, and no clock is asked', () => {
  const { health, set, clock, report } = healthUnderTest('abc');
  const now = vi.spyOn(clock, 'now');
  report('a', 'served');
  now.mockClear();
  expect(health.usable(set(), undefined)).toBe(set());
  expect(health.usable(set(), new Set())).toBe(set());
  expect(now).not.toHaveBeenCalled();
});

describe('an ejected node', () => {
  test('is left out, once for all selects, and this is logged and counted', () => {
    const { health, set, usable, report, logger, meter } = healthUnderTest('abc');
    report('b', 'unreachable');
    expect(usable()).toBe('ac');
    expect(health.usable(set(), undefined)).toBe(health.usable(set(), undefined));
    const fields = { service: 'greeter', node: 'b', address: 'b:1', reason: 'unreachable', holdMs: 1_000 };
    const line = {
      level: 'warn',
      message: 'a node is ejected for a while',
      fields: { ...fields, error: errors.unreachable },
    };
    expect(logger.lines).toEqual([line]);
    expect(meter.total('tenon.client.ejections', { service: 'greeter', node: 'b', reason: 'unreachable' })).toBe(1);
    expect(meter.newest('tenon.client.ejected_nodes', { service: 'greeter' })).toBe(1);
  });

  test('is tried by one call after its hold, and is back when that is served', async () => {
    const { usable, report, clock, logger, meter, returned, set } = healthUnderTest('abc');
    report('b', 'failed', 5);
    await clock.advance(999);
    expect(usable()).toBe('ac');
    await clock.advance(1);
    expect([usable(), usable(), usable()]).toEqual(['b', 'ac', 'ac']);
    await clock.advance(5);
    report('b', 'served');
    expect(usable()).toBe('abc');
    expect(logger.lines.at(-1)).toEqual({
      level: 'info',
      message: 'a node that was ejected is used again',
      fields: { service: 'greeter', node: 'b', address: 'b:1' },
    });
    expect(meter.newest('tenon.client.ejected_nodes', { service: 'greeter' })).toBe(0);
    expect(returned.mock.calls).toEqual([[set()[1]]]);
  });

  test('is not tried by a call that failed once already, unless nothing else is left', async () => {
    const { usable, report, clock } = healthUnderTest('abc');
    report('b', 'failed', 5);
    await clock.advance(1_000);
    expect(usable('a')).toBe('c');
    expect(usable('ac')).toBe('b');
    expect(usable('abc')).toBe('');
    expect(usable()).toBe('b');
  });

  test('that cannot serve is no resort for a call that failed elsewhere: those failures may have passed', () => {
    const { usable, report } = healthUnderTest('abcd');
    report('b', 'unreachable');
    report('d', 'failed', 5);
    expect([usable('a'), usable('ac'), usable('acd')]).toEqual(['c', 'd', '']);
  });

  test('stays out twice as long after each probe that fails, at most as long as told', async () => {
    const { usable, report, clock, logger } = healthUnderTest('abc');
    report('b', 'unreachable');
    for (const holdMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await clock.advance(holdMs - 1);
      expect(usable()).toBe('ac');
      await clock.advance(1);
      expect(usable()).toBe('b');
      await clock.advance(1);
      report('b', 'failed');
    }
    expect(logger.lines.map(({ level, fields }) => [level, fields['reason'], fields['holdMs']]).slice(0, 3)).toEqual([
      ['warn', 'unreachable', 1_000],
      ['debug', 'probe_failed', 2_000],
      ['debug', 'probe_failed', 4_000],
    ]);
  });

  test('waits half of its hold for certain, the other half by chance', async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    const { usable, report, clock } = healthUnderTest('abc');
    report('b', 'unreachable');
    await clock.advance(499);
    expect(usable()).toBe('ac');
    await clock.advance(1);
    expect(usable()).toBe('b');
  });

  test('begins with a short hold again after it took part for as long as the longest', async () => {
    const { usable, report, clock } = healthUnderTest('abc');
    const back = async (holdMs: number): Promise<void> => {
      await clock.advance(holdMs);
      expect(usable()).toBe('b');
      await clock.advance(1);
      report('b', 'served');
    };
    report('b', 'unreachable');
    await back(1_000);
    await clock.advance(29_999);
    report('b', 'unreachable');
    await back(2_000);
    await clock.advance(30_000);
    report('b', 'unreachable');
    await back(1_000);
  });

  test.each(['abandoned', 'hasty'] as const)('is tried by the next call where the probe was %s', async (how) => {
    const { usable, report, clock } = healthUnderTest('abc');
    report('b', 'failed', 5);
    await clock.advance(1_000);
    expect(usable()).toBe('b');
    await clock.advance(1);
    report('b', how);
    expect([usable(), usable()]).toEqual(['b', 'ac']);
  });

  test('is tried by the next call where the probe was never sent, or tells nothing for as long as a call lasts', async () => {
    const { health, set, usable, report, clock } = healthUnderTest('abc');
    report('b', 'failed', 5);
    await clock.advance(1_000);
    expect(usable()).toBe('b');
    health.neverSent(set().slice(1, 2));
    expect([usable(), usable()]).toEqual(['b', 'ac']);
    await clock.advance(9_999);
    expect(usable()).toBe('ac');
    await clock.advance(1);
    expect([usable(), usable()]).toEqual(['b', 'ac']);
  });

  test('learns nothing from calls that began before it was ejected, nor before it came back', async () => {
    const { usable, report, clock } = healthUnderTest('abc');
    await clock.advance(5_000);
    report('b', 'failed', 5);
    await clock.advance(1_000);
    expect(usable()).toBe('b');
    report('b', 'served', 1, 1_000);
    report('b', 'failed', 1, 1_000);
    expect(usable()).toBe('ac');
    await clock.advance(1);
    report('b', 'served');
    expect(usable()).toBe('abc');
    report('b', 'unreachable', 1, 1_001);
    expect(usable()).toBe('abc');
    await clock.advance(1);
    report('b', 'unreachable');
    expect(usable()).toBe('ac');
  });

  test('is back when it answers: that it sheds load, or refuses for the sake of the request', async () => {
    for (const how of ['overloaded', 'refused'] as const) {
      const { usable, report, clock } = healthUnderTest('abc');
      report('b', 'broken', 2);
      await clock.advance(1_000);
      expect(usable()).toBe('b');
      await clock.advance(1);
      report('b', how);
      expect(usable()).toBe('abc');
    }
  });
});

describe('of few nodes', () => {
  test('one is never ejected, the failing one of two is', () => {
    const one = healthUnderTest('a');
    one.report('a', 'failed', 100);
    one.report('a', 'unreachable');
    expect([one.usable(), one.logger.lines]).toEqual(['a', []]);
    const two = healthUnderTest('ab');
    two.report('a', 'failed', 5);
    expect(two.usable()).toBe('b');
  });

  test('the last is used again when the others have left', () => {
    const { usable, report, know, logger } = healthUnderTest('ab');
    report('a', 'failed', 5);
    know('a');
    expect([usable(), logger.lines.at(-1)?.message]).toEqual(['a', 'a node that was ejected is used again']);
  });
});

describe('outcomes', () => {
  test('of a node that left, of one that nobody knows and of a copied candidate do no harm', () => {
    const { health, set, know, usable } = healthUnderTest('abc');
    const [a, b] = set() as [Candidate, Candidate];
    know('bc');
    const outcome = { elapsedMs: 1, endedAt: 1, error: errors.unreachable };
    health.report(a, outcome);
    health.report(candidateOf('z'), outcome);
    expect(usable()).toBe('bc');
    health.report({ ...b }, outcome);
    expect(usable()).toBe('c');
  });

  test('of a node are forgotten where its address changed, and kept where it did not', () => {
    const { health, set, report, know } = healthUnderTest('abc');
    report('a', 'unreachable');
    know('abc');
    expect(idsOf(health.usable(set(), undefined))).toBe('bc');
    const moved = health.know([candidateOf('a', 'elsewhere:1'), candidateOf('b'), candidateOf('c')]);
    expect(idsOf(health.usable(moved, undefined))).toBe('abc');
  });

  test('eject nobody where that is switched off', () => {
    const { usable, report } = healthUnderTest('abc', { ejection: false });
    report('a', 'unreachable');
    report('b', 'failed', 100);
    expect(usable()).toBe('abc');
  });

  test('ask the clock themselves where they do not say when they ended', () => {
    const { health, set, usable } = healthUnderTest('abc');
    health.report(set()[0] as Candidate, { elapsedMs: 1, error: errors.unreachable });
    expect(usable()).toBe('bc');
  });
});
