import type { Strategy } from '@tenon/contract';
import { expect, test } from 'vitest';
import { candidatesOf, idsOf } from '../../test/candidates.js';
import { randomHashStrategy } from './random-hash.js';

const newPicker = () => (randomHashStrategy().create as () => Strategy)().picker('greeter');
const candidates = candidatesOf(idsOf(5));

test('the same key goes to the same node, for every client', () => {
  for (const key of ['', 'Ada', 'Grace', '茶', 'x'.repeat(10_000)]) {
    const picked = Array.from({ length: 3 }, () => newPicker().pick(candidates, key));
    expect(new Set(picked).size, key.slice(0, 10)).toBe(1);
  }
});

test('different keys go to every node', () => {
  const picker = newPicker();
  expect(new Set(Array.from({ length: 100 }, (_, index) => picker.pick(candidates, `k${index}`))).size).toBe(5);
});

test('without a key each call goes anywhere', () => {
  const picker = newPicker();
  expect(new Set(Array.from({ length: 200 }, () => picker.pick(candidates, undefined))).size).toBe(5);
});
