import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { healthUnderTest, idsOf } from '../../../test/health-under-test.js';

// Holds are then as long as their bound, and a cold node takes no part.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(1));
afterEach(() => void vi.restoreAllMocks());

describe('a panic', () => {
  test('uses all again while fewer than half are healthy; its beginning and its end are told once', async () => {
    const { usable, report, clock, logger, meter } = healthUnderTest('abc');
    report('a', 'failed', 5);
    expect(usable()).toBe('bc');
    report('b', 'failed', 5);
    expect([usable(), usable()]).toEqual(['abc', 'abc']);
    expect(meter.total('tenon.client.panics', { service: 'greeter' })).toBe(1);
    await clock.advance(1);
    report('b', 'served', 4);
    expect(usable()).toBe('abc');
    report('b', 'served');
    expect([usable(), usable()]).toEqual(['bc', 'bc']);
    expect(logger.lines.slice(2)).toEqual([
      {
        level: 'warn',
        message: 'too few nodes of a service are healthy; ejected ones are used again',
        fields: { service: 'greeter', nodes: 3, healthy: 1 },
      },
      {
        level: 'info',
        message: 'a node that was ejected is used again',
        fields: { service: 'greeter', node: 'b', address: 'b:1' },
      },
      { level: 'info', message: 'enough nodes of a service are healthy again', fields: { service: 'greeter' } },
    ]);
  });

  test('leaves out those that cannot serve for certain, while another is left', async () => {
    const { usable, report, clock, meter } = healthUnderTest('abc');
    report('a', 'unreachable');
    report('b', 'draining');
    expect([usable(), meter.total('tenon.client.panics')]).toEqual(['c', 0]);
    report('c', 'failed', 5);
    expect([usable(), meter.total('tenon.client.panics')]).toEqual(['c', 1]);
    await clock.advance(1);
    report('c', 'unreachable');
    // Never no node: of three that cannot be reached one may have come back.
    expect(usable()).toBe('abc');
    report('a', 'served');
    expect(usable()).toBe('a');
  });

  test('begins and ends where the option says', () => {
    const never = healthUnderTest('abc', { slowStartMs: 0, panicBelow: 0 });
    never.report('a', 'failed', 5);
    never.report('b', 'failed', 5);
    expect(never.usable()).toBe('c');
    never.report('c', 'failed', 5);
    expect(never.usable()).toBe('abc');
    const always = healthUnderTest('abc', { slowStartMs: 0, panicBelow: 1 });
    always.report('a', 'failed', 5);
    expect(always.usable()).toBe('abc');
  });

  test('of the candidates that filters left concerns these alone', () => {
    const { health, set, usable, report } = healthUnderTest('abcdef');
    report('a', 'failed', 5);
    report('b', 'failed', 5);
    expect(idsOf(health.usable(set().slice(0, 3), undefined))).toBe('abc');
    expect(usable()).toBe('cdef');
  });

  test('is over when those that it began with have left', () => {
    const { usable, report, know, logger } = healthUnderTest('abc');
    report('a', 'failed', 5);
    report('b', 'failed', 5);
    usable();
    know('cd');
    expect(logger.lines.at(-1)?.message).toBe('enough nodes of a service are healthy again');
  });
});
