import type { TypeLayout } from '@tenon/schema';
import { describe, expect, test } from 'vitest';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { layoutOf, msgpack, recordOf, ways, written } from './layouts.js';

const plain = msgpack();
const cat = recordOf({ lives: { kind: 'integer' } });
const dog = recordOf({ kind: { kind: 'string' }, name: { kind: 'string' } });

/** A value of the field `f`, and the bytes of the record that has it. */
const rows: readonly (readonly [type: TypeLayout, value: unknown, hex: string])[] = [
  [{ kind: 'any' }, { a: 1 }, '00000004 81a16101'],
  [{ kind: 'any' }, null, '00000001 c0'],
  [{ kind: 'string' }, '', '00'],
  [{ kind: 'string' }, 'Ada', '03 416461'],
  [{ kind: 'string' }, 'é€😀', '09 c3a9e282acf09f9880'],
  [{ kind: 'string' }, 'x'.repeat(128), `8001 ${'78'.repeat(128)}`],
  [{ kind: 'string' }, 'é'.repeat(64), `8001 ${'c3a9'.repeat(64)}`],
  [{ kind: 'boolean' }, false, '00'],
  [{ kind: 'boolean' }, true, '01'],
  [{ kind: 'integer' }, 0, '00'],
  [{ kind: 'integer' }, -1, '01'],
  [{ kind: 'integer' }, 63, '7e'],
  [{ kind: 'integer' }, 64, '8001'],
  [{ kind: 'integer' }, -65, '8101'],
  [{ kind: 'integer' }, 2 ** 53 - 1, 'feffffffffffff1f'],
  [{ kind: 'integer' }, -(2 ** 53 - 1), 'fdffffffffffff1f'],
  [{ kind: 'number' }, 7, '01 0e'],
  [{ kind: 'number' }, -0, '00 8000000000000000'],
  [{ kind: 'number' }, 0.1, '00 3fb999999999999a'],
  [{ kind: 'number' }, 2 ** 53, '00 4340000000000000'],
  [{ kind: 'number' }, Number.POSITIVE_INFINITY, '00 7ff0000000000000'],
  [{ kind: 'number' }, Number.NaN, '00 7ff8000000000000'],
  [{ kind: 'bigint' }, 0, '00 00'],
  [{ kind: 'bigint' }, 255, '00 01 ff'],
  [{ kind: 'bigint' }, -256, '01 02 0100'],
  [{ kind: 'bigint' }, 2n ** 64n - 1n, '00 08 ffffffffffffffff'],
  [{ kind: 'bigint' }, -(2n ** 63n), '01 08 8000000000000000'],
  [{ kind: 'date' }, new Date(1_700_000_000_000), '80a0abfef962'],
  [{ kind: 'date' }, new Date(-1), '01'],
  [{ kind: 'bytes' }, Uint8Array.of(1, 2, 255), '03 0102ff'],
  [{ kind: 'enum', values: ['red', 'green', 3] }, 'green', '01'],
  [{ kind: 'enum', values: ['red', 'green', 3] }, 3, '02'],
  [{ kind: 'record', record: 1 }, { lives: 9 }, '12'],
  [{ kind: 'array', items: { kind: 'string' } }, ['a', ''], '02 0161 00'],
  [{ kind: 'array', items: { kind: 'boolean' } }, [true, false], '02 01 00'],
  [{ kind: 'array', items: { kind: 'number' } }, [1, 0.5], '02 0102 003fe0000000000000'],
  [{ kind: 'array', items: { kind: 'record', record: 1 } }, [{ lives: 1 }, { lives: 2 }], '02 02 04'],
  [{ kind: 'map', values: { kind: 'integer' } }, { a: 1, constructor: 2 }, '02 0161 02 0b636f6e7374727563746f72 04'],
  [
    {
      kind: 'union',
      property: 'kind',
      choices: [
        { name: 'cat', record: 1 },
        { name: 'dog', record: 2 },
      ],
    },
    { kind: 'dog', name: 'Rex' },
    '01 03526578',
  ],
];

describe.each(ways)('the bytes that are specified, by %s', (_way, generateCode) => {
  test.each(rows.map(([type, value, hex]) => ({ type, value, hex })))('$type.kind: $hex', ({ type, value, hex }) => {
    const layout = { records: [...layoutOf({ f: type }).records, cat, dog] };
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(written(compileWriter(layout, { generateCode }), { f: value }, plain)?.toString('hex')).toBe(
      bytes.toString('hex'),
    );
    expect(compileReader(layout, { generateCode })(bytes, 0, bytes.length, plain.decode)).toEqual({ f: value });
  });

  test('a record has the bits of all of its fields, in the order of their names', () => {
    const layout = layoutOf({
      a: { optional: true, type: { kind: 'string' } },
      b: { nullable: true, type: { kind: 'integer' } },
      c: { optional: true, nullable: true, type: { kind: 'boolean' } },
      d: { kind: 'boolean' },
      e: { optional: true, type: { kind: 'number' } },
      f: { optional: true, nullable: true, type: { kind: 'number' } },
    });
    const write = compileWriter(layout, { generateCode });
    const read = compileReader(layout, { generateCode });
    for (const [value, hex] of [
      [{ b: null, d: false }, '0000'],
      [{ a: 'x', b: 1, c: true, d: true, e: 0.5, f: 1 }, '7f07 0178 02 3fe0000000000000 02'],
      [{ a: '', b: null, c: null, d: false, e: 3, f: null }, 'c501 00 06'],
    ] as const) {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      expect(written(write, value, plain)?.toString('hex')).toBe(bytes.toString('hex'));
      expect(read(bytes, 0, bytes.length, plain.decode)).toEqual(value);
    }
  });

  test('a record without fields is one byte', () => {
    const layout = layoutOf({});
    expect(written(compileWriter(layout, { generateCode }), {}, plain)?.toString('hex')).toBe('00');
    expect(compileReader(layout, { generateCode })(Buffer.from([0]), 0, 1, plain.decode)).toEqual({});
  });
});
