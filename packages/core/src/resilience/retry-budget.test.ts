import { describe, expect, test } from 'vitest';
import { RetryBudget, resolveRetryBudget } from './retry-budget.js';

function budgetOf(options = {}): RetryBudget {
  return new RetryBudget(resolveRetryBudget(options));
}

function drawnAt(budget: RetryBudget, now: number, atMost = 1_000): number {
  let drawn = 0;
  while (drawn < atMost && budget.draw(now)) drawn += 1;
  return drawn;
}

describe('the reserve', () => {
  test('is ten repetitions, and comes back one a second', () => {
    const budget = budgetOf();
    expect([drawnAt(budget, 5_000), drawnAt(budget, 5_999), drawnAt(budget, 6_000)]).toEqual([10, 0, 1]);
    expect(drawnAt(budget, 9_000)).toBe(3);
  });

  test('does not grow beyond its size, however long nobody draws', () => {
    const budget = budgetOf();
    budget.draw(0);
    expect(drawnAt(budget, 3_600_000)).toBe(10);
  });

  test('may be none', () => {
    expect(budgetOf({ reserve: 0, reservePerSecond: 5 }).draw(60_000)).toBe(false);
  });
});

describe('deposits', () => {
  const noReserve = { reserve: 0, reservePerSecond: 0 };

  test('pay for one repetition in ten calls', () => {
    const budget = budgetOf(noReserve);
    for (let call = 0; call < 9; call += 1) budget.deposit(0);
    expect(budget.draw(0)).toBe(false);
    budget.deposit(0);
    expect([budget.has(0), budget.draw(0), budget.has(0), budget.draw(0)]).toEqual([true, true, false, false]);
  });

  test('count for ten seconds, and no longer', () => {
    const full = (): RetryBudget => {
      const budget = budgetOf(noReserve);
      for (let call = 0; call < 100; call += 1) budget.deposit(500);
      return budget;
    };
    expect(drawnAt(full(), 9_999)).toBe(10);
    expect(drawnAt(full(), 10_000)).toBe(0);
    expect(drawnAt(full(), 3_600_000)).toBe(0);
  });

  test('are spent from the oldest on', () => {
    const budget = budgetOf(noReserve);
    for (let call = 0; call < 10; call += 1) budget.deposit(0);
    for (let call = 0; call < 10; call += 1) budget.deposit(8_000);
    expect(budget.draw(9_000)).toBe(true);
    // What is left is the younger token, which the first second's end does not take.
    expect(drawnAt(budget, 12_000)).toBe(1);
  });

  test('of different seconds add up, and with the reserve', () => {
    const budget = budgetOf({ ratio: 0.25, reserve: 0.5, reservePerSecond: 0 });
    budget.deposit(0);
    expect(budget.draw(1_000)).toBe(false);
    budget.deposit(1_000);
    expect([budget.draw(2_000), budget.draw(2_000)]).toEqual([true, false]);
  });

  test('of a time before the last one count as now', () => {
    const budget = budgetOf({ ...noReserve, ratio: 1 });
    budget.deposit(5_000);
    budget.deposit(1_000);
    expect(drawnAt(budget, 5_001)).toBe(2);
  });
});

test.each([
  ['ratio', 1.01, 'retry.budget.ratio is 1.01; it must be a number from 0 to 1'],
  ['ratio', -0.1, 'retry.budget.ratio is -0.1; it must be a number from 0 to 1'],
  ['reserve', 1_001, 'retry.budget.reserve is 1001; it must be a number from 0 to 1000'],
  ['reservePerSecond', Number.NaN, 'retry.budget.reservePerSecond is NaN; it must be a number from 0 to 1000'],
])('%s of %d is refused by name and range', (name, value, rawMessage) => {
  expect(() => resolveRetryBudget({ [name]: value })).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no', rawMessage }),
  );
});
