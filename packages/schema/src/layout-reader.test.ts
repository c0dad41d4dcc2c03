import { ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldLayout, Layout, TypeLayout } from './layout.js';
import { decodeLayout } from './layout-reader.js';
import { encodeLayout, layoutHash } from './layout-writer.js';

const field = (name: string, type: TypeLayout, flags = 0): FieldLayout => ({
  name,
  optional: (flags & 1) !== 0,
  nullable: (flags & 2) !== 0,
  type,
});
const layout = (...records: readonly (readonly FieldLayout[])[]): Layout => ({
  records: records.map((fields) => ({ fields })),
});
const read = (bytes: Buffer) => decodeLayout(bytes, 0, bytes.length);
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const refusal = (hex: string): string => {
  try {
    read(bytes(hex));
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    return (error as ServiceError).rawMessage;
  }
  throw new Error('nothing was refused');
};

const everything = layout(
  [
    field('any', { kind: 'any' }),
    field('array', { kind: 'array', items: { kind: 'map', values: { kind: 'record', record: 1 } } }, 1),
    field('bigint', { kind: 'bigint' }, 2),
    field('boolean', { kind: 'boolean' }, 3),
    field('bytes', { kind: 'bytes' }),
    field('date', { kind: 'date' }),
    field('enum', { kind: 'enum', values: ['a', '', 1, -0.5, Number.POSITIVE_INFINITY, 'é'] }),
    field('integer', { kind: 'integer' }),
    field('number', { kind: 'number' }),
    field('string', { kind: 'string' }),
    field('union', {
      kind: 'union',
      property: 'kind',
      choices: [
        { name: 'one', record: 1 },
        { name: '', record: 0 },
      ],
    }),
    field('ÿ', { kind: 'string' }),
    field('\ufeffmark', { kind: 'string' }),
  ],
  [field('x'.repeat(256), { kind: 'record', record: 0 })],
  [],
);

describe('a layout in its binary form', () => {
  it('is the bytes of the page', () => {
    const one = layout([
      field('id', { kind: 'integer' }),
      field('tags', { kind: 'array', items: { kind: 'string' } }, 1),
    ]);
    expect(encodeLayout(one).toString('hex')).toBe(
      `01 02 02${hex('id')}00 03 04${hex('tags')}01 0a 01`.replaceAll(' ', ''),
    );
    const rich = layout([
      field('e', { kind: 'enum', values: ['a', 1] }, 3),
      field('u', { kind: 'union', property: 'k', choices: [{ name: 'r', record: 0 }] }, 2),
    ]);
    expect(encodeLayout(rich).toString('hex')).toBe(
      '01 02 0165 03 08 02 00 0161 01 3ff0000000000000 0175 02 0c 016b 01 0172 00'.replaceAll(' ', ''),
    );
  });

  it('is read as it was written, every kind of type among others', () => {
    const written = encodeLayout(everything);
    const again = read(written);
    expect(again).toEqual(everything);
    expect(encodeLayout(again)).toEqual(written);
  });

  it('is read from the middle of a buffer, frozen and without a reference to it', () => {
    const written = encodeLayout(everything);
    const buffer = Buffer.concat([Buffer.from('before'), written, Buffer.from('after')]);
    const again = decodeLayout(buffer, 6, 6 + written.length);
    buffer.fill(0);
    expect(again).toEqual(everything);
    expect(frozen(again)).toBe(true);
  });

  it('has a hash of 32 digits, which every part of it changes', () => {
    expect(layoutHash(layout([]))).toBe('47dc540c94ceb704a23875c11273e16b'); // of the bytes 01 00
    const hashes = [
      layout([field('a', { kind: 'string' })]),
      layout([field('b', { kind: 'string' })]),
      layout([field('a', { kind: 'date' })]),
      layout([field('a', { kind: 'string' }, 1)]),
      layout([field('a', { kind: 'string' })], []),
    ].map(layoutHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.every((hash) => /^[0-9a-f]{32}$/.test(hash))).toBe(true);
  });
});

describe('bytes from a stranger', () => {
  it.each([
    ['', 'ends too early'],
    ['00', '0 records'],
    ['8102', '257 records'],
    ['02 00', 'do not fit'],
    ['01 8102', '257 fields'],
    ['01 02 0161 00 01', 'do not fit'],
    ['01 01 00 00 01 00', 'a name has 0 bytes'],
    [`01 01 8102 ${'61'.repeat(257)} 00 00`, 'a name has 257 bytes'],
    [`01 01 09 ${hex('__proto__')} 00 00`, '__proto__'],
    ['01 01 05 61 00 00', 'a text of 5 bytes does not fit in 3'],
    ['01 01 02 c3 28 00 00', 'not UTF-8'],
    ['01 01 03 eda080 00 00', 'not UTF-8'],
    ['01 02 0162 00 00 0161 00 00', 'not in order'],
    ['01 02 0161 00 00 0161 00 00', 'not in order'],
    ['01 01 0161 04 00', '4 says nothing about a field'],
    ['01 01 0161 00 0d', 'no type 13'],
    ['01 01 0161 00 09 01', 'no record 1 among 1'],
    ['01 01 0161 00 00 00', '1 bytes are left over'],
    ['8100 00', 'not in its shortest form'],
    ['ffffffffffffffffff', 'too large'],
    ['ffffffffffffff7f', 'too large'],
    ['01 01 0161 00 08 00', '0 values of an enum'],
    ['01 01 0161 00 08 8120', '4097 values of an enum'],
    ['01 01 0161 00 08 8020 00', '4096 values of an enum do not fit'],
    ['01 01 0161 00 08 02 00 0161 00 0161', 'a value twice'],
    ['01 01 0161 00 08 01 02 00', 'no value of an enum 2'],
    ['01 01 0161 00 08 01 01 7ff8000000000000', 'NaN or −0'],
    ['01 01 0161 00 08 01 01 8000000000000000', 'NaN or −0'],
    ['01 01 0161 00 0c 0161 00', '0 choices'],
    ['01 01 0161 00 0c 0161 8102', '257 choices'],
    ['01 01 0161 00 0c 0161 02 0161 00 0161 00', 'a choice twice'],
    ['01 01 0161 00 0c 0161 01 0161 01', 'no record 1'],
    [`01 01 0161 00 0c 09 ${hex('__proto__')} 01 0161 00`, '__proto__'],
    [`01 01 0161 00 ${'0a'.repeat(17)} 00`, 'more than 16 deep'],
    [`01 01 0161 00 ${'0b'.repeat(50_000)} 00`, 'more than 16 deep'],
    [`01 01 0161 00 ${'00'.repeat(60_000)}`, 'it has 60005 bytes, more than 60000'],
  ])('%s: refused', (hex, why) => {
    expect(refusal(hex)).toContain(why);
  });

  it('may nest types sixteen deep', () => {
    expect(read(bytes(`01 01 0161 00 ${'0a'.repeat(16)} 00`)).records).toHaveLength(1);
  });

  it('that are cut anywhere are refused', () => {
    const whole = encodeLayout(everything);
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => decodeLayout(whole, 0, end), `cut at ${end}`).toThrow(ServiceError);
    }
  });

  it('with any bit turned are refused or are another layout in its one form', () => {
    const whole = encodeLayout(everything);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const turned = Buffer.from(whole);
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      refusedOrCanonical(turned);
    }
  });

  it('at random are refused or are a layout in its one form', () => {
    // Small numbers at the front make it likely that more than the first byte is looked at.
    const small = fc.integer({ min: 0, max: 16 });
    const text = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.array(small, { maxLength: 60 }));
    fc.assert(
      fc.property(text, (random) => refusedOrCanonical(Buffer.from(random))),
      { numRuns: 20_000 },
    );
  });
});

function refusedOrCanonical(buffer: Buffer): void {
  let again: Layout;
  try {
    again = read(buffer);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'InvalidArgument') return;
    throw error;
  }
  expect(encodeLayout(again).equals(buffer)).toBe(true);
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function frozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(frozen);
}
