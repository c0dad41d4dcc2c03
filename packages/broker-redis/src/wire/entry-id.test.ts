import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beforeSequence, beforeTime, compareEntryIds, sequenceOf } from './entry-id.js';

const entries = fc.tuple(fc.integer({ min: 1, max: 2 ** 42 }), fc.integer({ min: 0, max: 1_023 }));

describe('the sequence of an entry', () => {
  it('counts up as entries do, and leads back to right before it', () => {
    fc.assert(
      fc.property(entries, entries, (left, right) => {
        const [one, other] = [left.join('-'), right.join('-')];
        const [first, second] = [sequenceOf(one) as number, sequenceOf(other) as number];
        expect(Math.sign(first - second)).toBe(compareEntryIds(one, other));
        expect(compareEntryIds(beforeSequence(first), one)).toBe(-1);
        // Nothing that has a sequence lies between.
        if (compareEntryIds(other, one) < 0) expect(compareEntryIds(other, beforeSequence(first))).toBeLessThan(1);
      }),
    );
  });

  it('is undefined where somebody else put it further on than it counts', () => {
    for (const id of ['5-1024', '9007199254740992-0', 'x', '', '5']) expect(sequenceOf(id)).toBeUndefined();
  });

  it('begins at the beginning', () => {
    expect([beforeSequence(0), beforeTime(0), beforeTime(5)]).toEqual(['0', '0', '4-18446744073709551615']);
  });
});
