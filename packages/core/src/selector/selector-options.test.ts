import { describe, expect, test } from 'vitest';
import { registrySelector } from './registry-selector.js';
import { resolveSelectorOptions, type SelectorOptions } from './selector-options.js';

test('nothing said means the documented defaults, frozen', () => {
  const resolved = resolveSelectorOptions({});
  expect(resolved).toEqual({
    ejection: {
      consecutiveFailures: 5,
      minSuccessRate: 0.8,
      minRequests: 10,
      intervalMs: 10_000,
      baseHoldMs: 1_000,
      maxHoldMs: 30_000,
    },
    panicBelow: 0.5,
    slowStartMs: 10_000,
    doubtMs: 60_000,
  });
  expect([Object.isFrozen(resolved), Object.isFrozen(resolved.ejection)]).toEqual([true, true]);
});

test('ejection can be switched off, and one option set without the others', () => {
  expect(resolveSelectorOptions({ ejection: false }).ejection).toBeUndefined();
  expect(resolveSelectorOptions({ ejection: { minRequests: 3 } }).ejection).toMatchObject({
    minRequests: 3,
    consecutiveFailures: 5,
  });
});

test('a first hold beyond the default of the longest makes it the longest', () => {
  expect(resolveSelectorOptions({ ejection: { baseHoldMs: 60_000 } }).ejection?.maxHoldMs).toBe(60_000);
});

describe('out of range, by name and value:', () => {
  test.each<[SelectorOptions, string]>([
    [{ panicBelow: 1.1 }, 'registrySelector.panicBelow is 1.1; it must be a number from 0 to 1'],
    [{ panicBelow: -0.1 }, 'registrySelector.panicBelow is -0.1; it must be a number from 0 to 1'],
    [{ slowStartMs: -1 }, 'registrySelector.slowStartMs is -1; it must be a whole number from 0 to 600000'],
    [{ slowStartMs: 0.5 }, 'registrySelector.slowStartMs is 0.5; it must be a whole number from 0 to 600000'],
    [{ doubtMs: 3_600_001 }, 'registrySelector.doubtMs is 3600001; it must be a whole number from 0 to 3600000'],
    [
      { ejection: { consecutiveFailures: 0 } },
      'registrySelector.ejection.consecutiveFailures is 0; it must be a whole number from 1 to 1000',
    ],
    [
      { ejection: { minSuccessRate: 2 } },
      'registrySelector.ejection.minSuccessRate is 2; it must be a number from 0 to 1',
    ],
    [
      { ejection: { minRequests: 0 } },
      'registrySelector.ejection.minRequests is 0; it must be a whole number from 1 to 100000',
    ],
    [
      { ejection: { intervalMs: 99 } },
      'registrySelector.ejection.intervalMs is 99; it must be a whole number from 100 to 600000',
    ],
    [
      { ejection: { baseHoldMs: 9 } },
      'registrySelector.ejection.baseHoldMs is 9; it must be a whole number from 10 to 600000',
    ],
    [
      { ejection: { maxHoldMs: 999 } },
      'registrySelector.ejection.maxHoldMs is 999; it must be at least baseHoldMs, 1000',
    ],
  ])('%j', (options, rawMessage) => {
    expect(() => registrySelector(options)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage }),
    );
  });
});
