import { expect, test } from 'vitest';
import { hashOf, mixed } from './key-hash.js';

test('hashes are what they always were, so that clients of two releases agree', () => {
  const texts = ['', 'a', 'user-1', 'user-2', '茶'];
  expect(texts.map((text) => hashOf(text))).toEqual([0, 721_651_713, 582_760_828, 3_187_933_587, 681_188_504]);
  expect([hashOf('a', 1), mixed(1), mixed(0)]).toEqual([3_663_734_039, 1_364_076_727, 0]);
});

test('keys that resemble each other collide no more than chance has it', () => {
  const hashes = new Set(Array.from({ length: 100_000 }, (_, index) => hashOf(`user-${index}`)));
  // Of 10^5 among 2^32, 1.2 on average.
  expect(hashes.size).toBeGreaterThan(99_990);
});
