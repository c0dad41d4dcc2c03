import assert from 'node:assert/strict';
import { needed } from '../needed.js';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, bytesOf, roundTrip, valueIn } from './bytes.js';
import type { CodecFixture } from './fixture.js';
import { assertSameData } from './same-data.js';
import { valueTable } from './value-table.js';

/** Which values survive, and in which form. */
export const valueCases: readonly ConformanceCase<CodecFixture>[] = [
  {
    name: 'every value of the table comes back as it was',
    async run({ codec }) {
      const session = codec.open();
      for (const { name, value } of valueTable()) {
        assertSameData(valueIn(session, bytesOf(session, value)), value, name);
      }
    },
  },
  {
    name: 'what one session wrote another one reads',
    async run({ codec }) {
      const [writer, reader] = [codec.open(), codec.open()];
      const value = { a: 1, b: ['two', { c: 3 }] };
      for (let turn = 0; turn < 3; turn += 1) assertSameData(valueIn(reader, bytesOf(writer, value)), value);
      assertSameData(valueIn(codec.open(), bytesOf(writer, value)), value);
    },
  },
  {
    name: 'bytes come back as bytes, or as the documented text where the codec has none',
    async run({ codec, textOfBytes }) {
      const backing = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      const samples = [backing.slice(0, 0), backing.slice(0, 1), backing.subarray(3, 259), backing, Buffer.from('tea')];
      for (const bytes of samples) {
        const expected = codec.capabilities.bytes ? bytes : needed(textOfBytes, 'textOfBytes')(bytes);
        assertSameData(roundTrip(codec, bytes), expected);
        assertSameData(roundTrip(codec, { list: [bytes] }), { list: [expected] });
      }
    },
  },
  {
    name: 'dates come back as dates, or as ISO 8601 text where the codec has none',
    async run({ codec }) {
      for (const text of [
        '2026-03-04T05:06:07.089Z',
        '1970-01-01T00:00:00.000Z',
        '1901-12-13T20:45:51.999Z',
        '2106-02-07T06:28:16.001Z',
        '9999-12-31T23:59:59.999Z',
      ]) {
        const expected = codec.capabilities.dates ? new Date(text) : text;
        assertSameData(roundTrip(codec, new Date(text)), expected);
        assertSameData(roundTrip(codec, { at: [new Date(text)] }), { at: [expected] });
      }
    },
  },
  {
    name: 'big integers come back exact, or are refused where the codec has none',
    async run({ codec }) {
      const beyondNumbers = [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n];
      for (const value of beyondNumbers) {
        for (const holder of [value, [value], { value }]) {
          if (codec.capabilities.bigints) assertSameData(roundTrip(codec, holder), holder);
          else assertRefused(() => roundTrip(codec, holder), 'a bigint');
        }
      }
      if (codec.capabilities.bigints) assert.equal(BigInt(roundTrip(codec, 5n) as bigint | number), 5n);
      else assertRefused(() => roundTrip(codec, 5n), 'a small bigint');
    },
  },
  {
    name: 'NaN and the infinities come back, or as null where the codec has none',
    async run({ codec }) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const expected = codec.capabilities.nonFinite ? value : null;
        assertSameData(roundTrip(codec, value), expected);
        assertSameData(roundTrip(codec, { list: [value] }), { list: [expected] });
      }
    },
  },
  {
    name: 'half a surrogate pair is kept, replaced or refused as the fixture says',
    async run({ codec, loneSurrogates }) {
      for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', `${'x'.repeat(300)}\ud83d`]) {
        if (loneSurrogates === 'refused') assertRefused(() => roundTrip(codec, text), 'half a surrogate pair');
        else assertSameData(roundTrip(codec, text), loneSurrogates === 'kept' ? text : Buffer.from(text).toString());
      }
    },
  },
  {
    name: 'an undefined field reads as undefined, and undefined elsewhere as undefined or null',
    async run({ codec }) {
      const record = roundTrip(codec, { a: 1, gone: undefined, z: { gone: undefined } }) as Record<string, unknown>;
      assertSameData(record, { a: 1, z: {} });
      const list = roundTrip(codec, [1, undefined, 2]) as readonly unknown[];
      assert.equal(list.length, 3);
      assert.equal(list[1] ?? null, null);
      assert.deepEqual([list[0], list[2]], [1, 2]);
      assert.equal(roundTrip(codec, undefined) ?? null, null);
    },
  },
  {
    name: 'instances of classes and records without prototype are written as their own fields',
    async run({ codec }) {
      class Point {
        readonly x = 1;
        readonly y = 2;
        get sum(): number {
          return this.x + this.y;
        }
      }
      assertSameData(roundTrip(codec, new Point()), { x: 1, y: 2 });
      assertSameData(roundTrip(codec, { points: [new Point()] }), { points: [{ x: 1, y: 2 }] });
      assertSameData(roundTrip(codec, Object.assign(Object.create(null), { a: 1 })), { a: 1 });
      assertSameData(roundTrip(codec, Object.assign(Object.create({ inherited: 1 }), { own: 2 })), { own: 2 });
    },
  },
  {
    name: 'an object that occurs twice is written twice',
    async run({ codec }) {
      const tea = { sku: 'tea' };
      const decoded = roundTrip(codec, { first: tea, rest: [tea, tea] }) as { first: object; rest: object[] };
      assertSameData(decoded, { first: { sku: 'tea' }, rest: [{ sku: 'tea' }, { sku: 'tea' }] });
    },
  },
  {
    name: 'functions, symbols and cycles are refused',
    async run({ codec }) {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = { again: cycle };
      const ring: unknown[] = [];
      ring.push([ring]);
      const wheel: Record<string, unknown> = {};
      for (const spoke of ['a', 'b', 'c', 'd']) wheel[spoke] = [wheel, wheel];
      for (const value of [() => 1, Symbol('s'), cycle, ring, wheel, async () => 1, class Point {}]) {
        for (const holder of [value, [1, value], { deep: { value } }]) {
          assertRefused(() => bytesOf(codec.open(), holder), `a value that holds a ${typeof value}`);
        }
      }
    },
  },
  {
    name: 'a value that is 64 deep comes back, one that is 65 deep is refused',
    async run({ codec }) {
      for (const wrap of wrappers) {
        const deep = nest(64, wrap);
        assertSameData(roundTrip(codec, deep), deep);
        assertRefused(() => bytesOf(codec.open(), nest(65, wrap)), 'a value 65 deep');
      }
    },
  },
  {
    name: 'a value that is 100,000 deep is refused without overflowing the stack',
    async run({ codec }) {
      for (const wrap of wrappers) {
        assertRefused(() => bytesOf(codec.open(), nest(100_000, wrap)), 'a value 100,000 deep');
      }
    },
  },
  {
    name: 'the content type and its aliases are lower case, without parameters, each once',
    async run({ codec }) {
      const types = [codec.contentType, ...codec.aliases];
      for (const type of types) assert.match(type, /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/);
      assert.equal(new Set(types).size, types.length, 'a content type is listed twice');
    },
  },
];

type Wrap = (inner: unknown, level: number) => unknown;

const wrappers: readonly Wrap[] = [
  (inner) => [inner],
  (inner) => ({ inner }),
  (inner, level) => (level % 2 === 0 ? [1, inner] : { before: 1, inner }),
];

/** Containers inside each other: so many levels, the innermost around a number. */
function nest(levels: number, wrap: Wrap): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = wrap(value, level);
  return value;
}
