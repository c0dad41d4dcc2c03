import { describe, expect, it } from 'vitest';
import { type Entry, EntryLine } from './entry-line.js';

const entry = (id: number): Entry => ({ id, message: id, target: 't', attempts: 0 });

describe('a line of entries', () => {
  it('keeps their order, those that were put back first', () => {
    const line = new EntryLine();
    for (let id = 1; id <= 4; id += 1) line.push(entry(id));
    const first = line.shift() as Entry;
    const second = line.shift() as Entry;
    line.putBack(second);
    line.putBack(first);
    expect([line.size, ...[1, 2, 3, 4].map(() => line.shift()?.id), line.shift(), line.size]).toEqual([
      4,
      1,
      2,
      3,
      4,
      undefined,
      0,
    ]);
  });

  it('keeps its order over thousands', () => {
    const line = new EntryLine();
    const out: number[] = [];
    for (let id = 1; id <= 5_000; id += 1) {
      line.push(entry(id));
      if (id % 3 !== 0) out.push(line.shift()?.id ?? 0);
    }
    out.push(...line.take().map(({ id }) => id));
    expect(out).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
    expect(line.size).toBe(0);
  });
});
