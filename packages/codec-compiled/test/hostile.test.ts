import { isDeepStrictEqual } from 'node:util';
import { ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileBuilder, type LayoutBuilder } from '../src/engine/layout-builder.js';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { cases } from './arbitrary.js';
import { layoutOf, msgpack, recordOf, written } from './layouts.js';
import { isGood, order, orderLayout, orderPlan } from './orders.js';
import { randomBytes, withoutStacks } from './random-bytes.js';

const plain = msgpack();
const generated = compileReader(orderLayout, { generateCode: true });
const closures = compileReader(orderLayout, { generateCode: false });
const build = compileBuilder(orderLayout, orderPlan, { generateCode: true }) as LayoutBuilder;
const recorded = written(compileWriter(orderLayout, { generateCode: true }), order(), plain) as Buffer;

const refused = Symbol('refused');

/** What a reader makes of bytes; fails on any error but the one that is promised. */
function outcome(read: typeof generated, bytes: Uint8Array): unknown {
  try {
    return read(bytes, 0, bytes.length, plain.decode);
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.code === 'InvalidArgument') return refused;
    throw new Error(`${Buffer.from(bytes).toString('hex')} ended in ${String(thrown)}`, { cause: thrown });
  }
}

/** All three agree: both readers on the value to the last field, and what is built keeps its rules. Returns whether the bytes were a value. */
function agree(bytes: Uint8Array): boolean {
  const value = outcome(generated, bytes);
  const other = outcome(closures, bytes);
  if (value !== other && !isDeepStrictEqual(value, other))
    expect.fail(`read in two ways: ${Buffer.from(bytes).toString('hex')}`);
  const built = build(bytes, 0, bytes.length, plain.decode);
  if (value === refused) expect(built).toBeUndefined();
  if (built !== undefined && !isGood(built, orderPlan)) expect.fail(`built of ${Buffer.from(bytes).toString('hex')}`);
  return value !== refused;
}

/** How many of so many inputs are values. */
function sweep(inputs: number, seed: number): number {
  let values = 0;
  withoutStacks(() => {
    for (const bytes of randomBytes(inputs, seed, [recorded])) if (agree(bytes)) values += 1;
  });
  return values;
}

/** Each goes to both readers and the builder. */
const inputs = 1_000_000;

test(`${inputs} random and damaged values for each decoder are read or refused alike, in bounded memory`, () => {
  const before = process.memoryUsage().rss;
  const values = sweep(inputs, 0x1234_5678);
  process.stdout.write(`${inputs} inputs to both readers and the builder, ${values} of them values\n`);
  expect(values).toBeGreaterThan(inputs / 100);
  expect(values).toBeLessThan(inputs / 2);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1_024 * 1_024);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}, 120_000);

test('every truncation of a value is refused, and so is a byte more', () => {
  expect(agree(recorded)).toBe(true);
  for (let bytes = 0; bytes < recorded.length; bytes += 1)
    expect(agree(recorded.subarray(0, bytes)), `${bytes}`).toBe(false);
  expect(agree(Buffer.concat([recorded, Buffer.alloc(1)]))).toBe(false);
});

test('every flip of one bit is read by both alike, or refused by both', () => {
  for (let bit = 0; bit < recorded.length * 8; bit += 1) {
    const bytes = Buffer.from(recorded);
    bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
    if (agree(bytes)) expect(outcome(generated, bytes)).toEqual(outcome(closures, bytes));
  }
});

test('nothing outside of its bounds is read, wherever a value is cut', () => {
  for (let end = 0; end < recorded.length; end += 1) {
    for (const read of [generated, closures]) expect(() => read(recorded, 0, end, plain.decode)).toThrow(ServiceError);
    expect(build(recorded, 0, end, plain.decode)).toBeUndefined();
  }
  expect(() => generated(recorded, 0, recorded.length + 10, plain.decode)).toThrow(ServiceError);
});

test('damaged values of any layout are read alike, or refused alike', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(cases(), damage, ({ layout, values }, damages) => {
      const bytes = written(compileWriter(layout, { generateCode: true }), values[0], plain) as Buffer;
      for (const [at, byte] of damages) bytes[at % Math.max(bytes.length, 1)] = byte;
      const [one, other] = [true, false].map((generateCode) => outcome(compileReader(layout, { generateCode }), bytes));
      expect(one).toEqual(other);
    }),
    { numRuns: 300 },
  );
}, 60_000);

describe.each([
  ['generated', true],
  ['closures', false],
] as const)('a reader that is %s', (_way, generateCode) => {
  test.each([
    ['a varint that is longer than it need be', { kind: 'integer' }, '8000'],
    ['a varint of nine bytes', { kind: 'string' }, '808080808080808001'],
    ['an integer beyond 2^53 − 1', { kind: 'integer' }, 'ffffffffffffff1f'],
    ['an integer far beyond', { kind: 'integer' }, 'ffffffffffffff7f'],
    ['a text that is longer than what is there', { kind: 'string' }, '0461'],
    ['a count of more items than there are bytes', { kind: 'array', items: { kind: 'any' } }, 'ffffff7f'],
    ['a count of 2^53 − 1', { kind: 'map', values: { kind: 'any' } }, 'ffffffffffffff0f'],
    ['a place beyond an enum', { kind: 'enum', values: ['a', 'b'] }, '02'],
    ['a moment beyond the last date', { kind: 'date' }, '8280aba6ca8eda1e'],
    ['an unused bit', { kind: 'boolean' }, '02'],
    ['a boolean item of 2', { kind: 'array', items: { kind: 'boolean' } }, '0102'],
    ['a bigint with leading zeros', { kind: 'bigint' }, '000100'],
    ['a bigint of −0', { kind: 'bigint' }, '0100'],
    ['the map key __proto__', { kind: 'map', values: { kind: 'integer' } }, '01095f5f70726f746f5f5f02'],
    ['a map key that comes twice', { kind: 'map', values: { kind: 'integer' } }, '02016102016104'],
    ['a choice beyond a union', { kind: 'union', property: 'k', choices: [{ name: 'a', record: 0 }] }, '01'],
    ['a plain value that is longer than what is there', { kind: 'any' }, '00000002c0'],
    ['a plain value with a byte behind it', { kind: 'any' }, '00000002c0c0'],
  ] as const)('refuses %s', (_what, type, hex) => {
    const read = compileReader(layoutOf({ f: type }), { generateCode });
    const bytes = Buffer.from(hex, 'hex');
    expect(() => read(bytes, 0, bytes.length, plain.decode)).toThrow(ServiceError);
  });

  test.each([
    ['a boolean that is not there', { optional: true, type: { kind: 'boolean' } }, '02'],
    ['a number that is not there', { optional: true, type: { kind: 'number' } }, '02'],
    ['a number that is null', { nullable: true, type: { kind: 'number' } }, '02'],
    ['what is not null and not there', { optional: true, nullable: true, type: { kind: 'string' } }, '0200'],
  ] as const)('refuses bits that say something of %s', (_what, field, hex) => {
    const read = compileReader(layoutOf({ f: field }), { generateCode });
    const bytes = Buffer.from(hex, 'hex');
    expect(() => read(bytes, 0, bytes.length, plain.decode)).toThrow(/bits of a value that is not there/);
  });

  test('refuses the 65th level, and reads the 64th', () => {
    const layout = layoutOf({ f: { optional: true, type: { kind: 'record', record: 0 } } });
    const read = compileReader(layout, { generateCode });
    const nested = (levels: number): Buffer => Buffer.from([...Array<number>(levels - 1).fill(1), 0]);
    expect(() => read(nested(64), 0, 64, plain.decode)).not.toThrow();
    expect(() => read(nested(65), 0, 65, plain.decode)).toThrow('refused compiled value: nesting of more than 64');
    expect(() => read(nested(1_000_000), 0, 1_000_000, plain.decode)).toThrow(/nesting/);
  });

  test('refuses a message of more than a million elements', () => {
    const read = compileReader(layoutOf({ f: { kind: 'array', items: { kind: 'integer' } } }), { generateCode });
    const bytes = Buffer.concat([Buffer.from('c0843d', 'hex'), Buffer.alloc(1_000_000)]);
    expect(() => read(bytes, 0, bytes.length, plain.decode)).toThrow(/elements/);
  });

  test('counts records and the items that they are: 600,000 empty ones are too many', () => {
    const layout = {
      records: [recordOf({ f: { kind: 'array', items: { kind: 'record', record: 1 } } }), recordOf({})],
    };
    const read = compileReader(layout, { generateCode });
    const bytes = Buffer.concat([Buffer.from('c0cf24', 'hex'), Buffer.alloc(600_000)]);
    expect(() => read(bytes, 0, bytes.length, plain.decode)).toThrow(/elements/);
  });

  test('names that every object inherits become own fields, even where those of Object.prototype cannot be written', () => {
    const layout = layoutOf({
      f: { kind: 'map', values: { kind: 'integer' } },
      toString: { optional: true, type: { kind: 'integer' as const } },
      x: { optional: true, type: { kind: 'integer' } },
    });
    const read = compileReader(layout, { generateCode });
    const bytes = Buffer.from('01 01 0b636f6e7374727563746f72 02 04'.replaceAll(' ', ''), 'hex');
    const before = Object.getOwnPropertyDescriptors(Object.prototype);
    let value: unknown;
    for (const name of ['constructor', 'toString']) Object.defineProperty(Object.prototype, name, { writable: false });
    try {
      value = read(bytes, 0, bytes.length, plain.decode);
    } finally {
      for (const name of ['constructor', 'toString'] as const) {
        Object.defineProperty(Object.prototype, name, before[name] as PropertyDescriptor);
      }
    }
    expect(Object.entries(value as object)).toEqual([
      ['f', { constructor: 1 }],
      ['toString', 2],
    ]);
  });
});
