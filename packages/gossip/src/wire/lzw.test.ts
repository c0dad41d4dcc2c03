import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { unpackLzw } from './lzw.js';

/** Written by Go's compress/lzw: NewWriter(…, lzw.LSB, 8). */
describe('LZW as Go writes it', () => {
  test.each([
    ['nothing', 'AAMC', ''],
    ['a run, whose codes are used as they are defined', 'AMMIHEiwoMGDBQMC', 'a'.repeat(33)],
    ['text that repeats', 'AKk8EVLkiRQnT6gIJGhwYcGDCQMC', 'TOBEORNOTTOBEORTOBEORNOT'],
  ])('%s', (_title, packed, plain) => {
    expect(unpackLzw(Buffer.from(packed, 'base64'), 100).toString()).toBe(plain);
  });

  test('more than the table holds, which is cleared on the way', () => {
    const packed = readFileSync(new URL('../../test/full-table.lzw', import.meta.url));
    let random = 1;
    const plain = Buffer.from(
      Array.from({ length: 20_000 }, () => {
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
        return (random >>> 24) & 15;
      }),
    );
    expect(unpackLzw(packed, 20_000).equals(plain)).toBe(true);
  });
});

describe('bad LZW', () => {
  test('a bomb is given up at its bound', () => {
    expect(() => unpackLzw(Buffer.from('AMMIHEiwoMGDBQMC', 'base64'), 32)).toThrow(/larger than 32 bytes/);
  });

  test('a code before its text is refused', () => {
    // Nine bits: 300.
    expect(() => unpackLzw(Buffer.from([0x2c, 0x01]), 100)).toThrow(/before its text/);
  });

  test('any bytes at all end, with bytes or with an error of ours', () => {
    let random = 7;
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = Buffer.from(
        Array.from({ length: 64 }, () => {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
          return random >>> 24;
        }),
      );
      try {
        expect(unpackLzw(bytes, 4_096).length).toBeLessThanOrEqual(4_096);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'DataLoss' });
      }
    }
  });
});
