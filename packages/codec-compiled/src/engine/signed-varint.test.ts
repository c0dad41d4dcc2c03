import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWhole, readSigned, signedBytes, writeSigned } from './signed-varint.js';
import { readVarint, varintBytes, writeVarint } from './varint.js';

const edges = Array.from({ length: 54 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat();

test('every number comes back, takes the bytes that were said, and is refused where one of them is missing', () => {
  const check = (value: number): void => {
    const buffer = Buffer.alloc(10, 0xff);
    const end = writeSigned(buffer, 0, value);
    expect([signedBytes(value), readSigned(buffer, 0, end), buffer[end]]).toEqual([end, value, 0xff]);
    expect(readSigned(buffer, 0, end - 1)).toBeNaN();
    if (value < 0) return;
    const unsigned = writeVarint(buffer, 0, value);
    expect([varintBytes(value), readVarint(buffer, 0, unsigned)]).toEqual([unsigned, value]);
    expect(readVarint(buffer, 0, unsigned - 1)).toBeNaN();
  };
  for (const edge of edges.filter(isWhole)) for (const value of edge === 0 ? [0] : [edge, -edge]) check(value);
  fc.assert(fc.property(fc.maxSafeInteger().filter(isWhole), check));
});

test('what is no safe integer, or −0, is not whole', () => {
  for (const value of [-0, 0.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(isWhole(value)).toBe(false);
  }
});

test('every sequence of bytes that is read is the one that would be written', () => {
  const bytes = fc.array(fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 0x80, 0xff)), { maxLength: 10 });
  fc.assert(
    fc.property(bytes, (array) => {
      const buffer = Buffer.from(array);
      for (const [read, write] of [
        [readVarint, writeVarint],
        [readSigned, writeSigned],
      ] as const) {
        const value = read(buffer, 0, buffer.length);
        if (Number.isNaN(value)) continue;
        const again = Buffer.alloc(10);
        const end = write(again, 0, value);
        expect(again.subarray(0, end).equals(buffer.subarray(0, end))).toBe(true);
      }
    }),
    { numRuns: 5_000 },
  );
});
