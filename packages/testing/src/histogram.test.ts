import { expect, test } from 'vitest';
import { Histogram } from './histogram.js';

test('a quantile is at most 1 % off, from a microsecond to minutes', () => {
  for (let elapsedMs = 0.04; elapsedMs < 240_000; elapsedMs *= 1.37) {
    const histogram = new Histogram();
    histogram.record(elapsedMs);
    expect(Math.abs(histogram.quantile(1) - elapsedMs) / elapsedMs).toBeLessThan(0.01);
  }
});

test('quantiles count how often each was recorded', () => {
  const histogram = new Histogram();
  histogram.record(1, 98);
  histogram.record(10);
  histogram.record(100);
  expect(histogram.total).toBe(100);
  expect(histogram.quantile(0.5)).toBeCloseTo(1, 1);
  expect(histogram.quantile(0.99) / 10).toBeCloseTo(1, 1);
  expect(histogram.quantile(1) / 100).toBeCloseTo(1, 1);
  expect(histogram.max).toBe(100);
});

test('what is too long counts as the longest, and nothing recorded is no number', () => {
  const histogram = new Histogram();
  expect(histogram.quantile(0.5)).toBeNaN();
  histogram.record(1e9);
  expect(histogram.quantile(0.5)).toBeGreaterThan(200_000);
});
