import { expect, test } from 'vitest';
import { HashRing } from './hash-ring.js';
import { mixed } from './key-hash.js';

const ring = new HashRing(['a', 'b', 'c']);

test('goes round in the order of hashes: every later hash has a later position, until the first has the first again', () => {
  let before = ring.positionOf(0);
  expect([ring.size, before]).toEqual([1_200, 0]);
  const hashes = Array.from({ length: 5_000 }, (_, index) => mixed(index)).sort((one, other) => one - other);
  for (const hash of hashes) {
    const position = ring.positionOf(hash);
    if (position < before) expect([position, hash > 4_200_000_000]).toEqual([0, true]);
    else before = position;
  }
  expect(ring.positionOf(2 ** 32 - 1)).toBe(0);
});

test('has as many places for each owner', () => {
  const counts = [0, 0, 0];
  for (let position = 0; position < ring.size; position += 1) {
    const owner = ring.ownerAt(position);
    counts[owner] = (counts[owner] ?? 0) + 1;
  }
  expect(counts).toEqual([400, 400, 400]);
});

test('an owner has the same places among others', () => {
  const larger = new HashRing(['a', 'b', 'bb', 'c']);
  const names = ['a', 'b', 'bb', 'c'];
  const without = Array.from({ length: larger.size }, (_, position) => names[larger.ownerAt(position)]);
  const own = Array.from({ length: ring.size }, (_, position) => ['a', 'b', 'c'][ring.ownerAt(position)]);
  expect(without.filter((id) => id !== 'bb')).toEqual(own);
});
