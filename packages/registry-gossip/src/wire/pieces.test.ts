import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { systemClock } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { cut, isPiece, Pieces } from './pieces.js';

describe('an entry in pieces', () => {
  const whole = randomBytes(5_000);
  const pieces = cut(whole, 1_300);

  test('is whole again in any order, and once', () => {
    const reader = new Pieces(systemClock());
    const twice = [...pieces, ...pieces].reverse();
    const wholes = twice.flatMap((piece) => reader.add(piece) ?? []);
    expect(wholes[0]?.equals(whole)).toBe(true);
    expect(pieces.every((piece) => isPiece(piece) && piece.length <= 1_300)).toBe(true);
  });

  test('that is changed anywhere is refused', () => {
    const reader = new Pieces(systemClock());
    const changed = pieces.map((piece) => Buffer.from(piece));
    changed[1]![400] = (changed[1]![400] ?? 0) ^ 1;
    expect(() => changed.map((piece) => reader.add(piece))).toThrow(/not what its head says/);
  });

  test('that would fill the memory when it is unpacked is refused', () => {
    const [bomb] = cut(Buffer.alloc(1_024 * 1_024), 1_300);
    expect(deflateRawSync(Buffer.alloc(1_024 * 1_024)).length).toBeLessThan(1_300);
    expect(() => new Pieces(systemClock()).add(bomb!)).toThrow(/cannot be unpacked/);
  });

  test('of which the rest never comes is given up, and memory is bounded', () => {
    const reader = new Pieces(systemClock());
    for (let round = 0; round < 20_000; round += 1) {
      const piece = Buffer.concat([
        Buffer.from([0x54, 1]),
        randomBytes(8),
        Buffer.from([0, 0, 0, 2]),
        Buffer.alloc(1_200),
      ]);
      reader.add(piece);
    }
    expect(reader.heldBytes).toBeLessThanOrEqual(1_024 * 1_200);
  });

  test.each([
    ['without a head', [0x54, 1, 2]],
    ['of another version', [0x54, 2, ...Array<number>(14).fill(1)]],
    ['beyond its number', [0x54, 1, ...Array<number>(8).fill(0), 0, 3, 0, 2, 1]],
    ['of too many', [0x54, 1, ...Array<number>(8).fill(0), 0, 0, 0xff, 0xff, 1]],
  ])('%s is refused', (_title, bytes) => {
    expect(() => new Pieces(systemClock()).add(Buffer.from(bytes))).toThrow(/malformed piece/);
  });
});
