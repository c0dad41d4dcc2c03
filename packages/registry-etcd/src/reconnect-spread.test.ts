import { type BackoffOptions, backoffMs } from '@tenon/contract/authoring';
import { expect, it } from 'vitest';
import { resolveEtcdOptions } from './etcd-options.js';

const clients = 64;
const defaults = resolveEtcdOptions({}).backoff;

it.each([1, 3, 10, 60, 600])(
  '64 clients that lost etcd together are all back within 5 s after %i s away',
  (awaySeconds) => {
    const delays = delaysAfterReturn(defaults, awaySeconds * 1_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(4_000);
  },
);

it('after an outage of a minute, no second sees more than half of them', () => {
  expect(fullestSecond(delaysAfterReturn(defaults, 60_000))).toBeLessThanOrEqual(clients / 2);
});

it('with a longer cap, for a large fleet, no second sees more than a quarter of them', () => {
  const backoff = resolveEtcdOptions({ backoff: { maxMs: 120_000 } }).backoff;
  expect(fullestSecond(delaysAfterReturn(backoff, 60_000))).toBeLessThanOrEqual(clients / 4);
});

it('of 64 clients that only watch, no second sees more than a quarter after an outage of a minute', () => {
  const { watchBackoff } = resolveEtcdOptions({});
  expect(fullestSecond(delaysAfterReturn(watchBackoff, 60_000))).toBeLessThanOrEqual(clients / 4);
});

it('a watch waits 1 s × 1.6 ± 20 %, and never more than two minutes', () => {
  const { watchBackoff } = resolveEtcdOptions({});
  const around = (attempt: number) => [0, 1].map((random) => backoffMs(attempt, watchBackoff, () => random));
  expect([1, 2, 3].map((attempt) => around(attempt).map(Math.round))).toEqual([
    [800, 1_200],
    [1_280, 1_920],
    [2_048, 3_072],
  ]);
  expect(around(50).map(Math.round)).toEqual([80_000, 120_000]);
});

it('a client that cannot reach etcd tries at most 30 times a minute', () => {
  const random = seeded(7);
  let attempts = 0;
  for (let now = 0; now < 60_000; attempts++) now += backoffMs(attempts + 1, defaults, random);
  expect(attempts).toBeLessThanOrEqual(30);
});

/** When each client comes back, in milliseconds after etcd did. */
function delaysAfterReturn(backoff: BackoffOptions, awayMs: number): readonly number[] {
  const random = seeded(42);
  return Array.from({ length: clients }, () => {
    let now = 0;
    for (let attempt = 1; now < awayMs; attempt++) now += backoffMs(attempt, backoff, random);
    return now - awayMs;
  });
}

function fullestSecond(delays: readonly number[]): number {
  return Math.max(...delays.map((from) => delays.filter((delay) => delay >= from && delay < from + 1_000).length));
}

/** mulberry32: the same numbers in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
