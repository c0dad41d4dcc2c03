import type { Encoder, Sink } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import type { Layout } from '@tenon/schema';
import { describe, expect, test } from 'vitest';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { layoutOf, msgpack, recordOf, ways, written } from './layouts.js';

const plain = msgpack();
const person: Layout = layoutOf({
  name: { kind: 'string' },
  age: { optional: true, type: { kind: 'integer' } },
  note: { nullable: true, optional: true, type: { kind: 'string' } },
});
const of = (type: Parameters<typeof layoutOf>[0][string]): Layout => layoutOf({ f: type });

class Person {
  name = 'Ada';
  age: number | undefined = undefined;
  greet(): string {
    return 'hello';
  }
}

describe.each(ways)('a writer that is %s', (_way, generateCode) => {
  const writer = (layout: Layout) => compileWriter(layout, { generateCode });
  const readBack = (layout: Layout, bytes: Buffer) =>
    compileReader(layout, { generateCode })(bytes, 0, bytes.length, plain.decode);

  test.each([
    ['a plain object', { name: 'Ada' }],
    ['an instance, with a field that is undefined', new Person()],
    ['an object without a prototype', Object.assign(Object.create(null), { name: 'Ada' })],
    ['an object with a symbol', { name: 'Ada', [Symbol('s')]: 1 }],
    ['an object of another order', { note: undefined, age: undefined, name: 'Ada' }],
  ])('writes %s', (_what, value) => {
    expect(readBack(person, written(writer(person), value, plain)!)).toEqual({ name: 'Ada' });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Ada'],
    ['an array', [{ name: 'Ada' }]],
    ['an empty array', []],
    ['a Map', new Map([['name', 'Ada']])],
    ['a Date', new Date()],
    ['a promise', Promise.resolve()],
    ['bytes', new Uint8Array(2)],
    ['a boxed text', new String('Ada')],
    ['an error', Object.assign(new Error('x'), { name: 'Ada' })],
    [
      'an instance with toJSON',
      Object.assign(
        new (class extends Person {
          toJSON() {
            return {};
          }
        })(),
        {},
      ),
    ],
    ['an instance that hides a toJSON', Object.defineProperty(new Person(), 'toJSON', { value: () => ({}) })],
    ['a key that is not known', { name: 'Ada', extra: 1 }],
    ['a key that is not known, in the place of one that is undefined', { name: 'Ada', age: undefined, extra: 1 }],
    ['a key that is not known and undefined', { name: 'Ada', extra: undefined }],
    ['a field that is missing', { age: 1 }],
    ['null where it must not be', { name: null }],
    ['another type', { name: 1 }],
    ['a field that only a prototype gives', Object.create({ name: 'Ada' })],
    [
      'a field that only a getter of its class gives',
      new (class {
        get name() {
          return 'Ada';
        }
      })(),
    ],
    ['a field that is not enumerable', Object.defineProperty({}, 'name', { value: 'Ada' })],
  ])('does not take %s, and leaves the sink as it was', (_what, value) => {
    const sink = new BufferSink();
    sink.position = 7;
    const write = writer(person);
    // What was learned of others makes no difference.
    written(write, { name: 'Ada', age: 3 }, plain);
    written(write, new Person(), plain);
    expect(written(write, value, plain, sink)).toBeUndefined();
    expect(sink.position).toBe(7);
  });

  test.each([
    ['an integer with a fraction', of({ kind: 'integer' }), 1.5],
    ['an integer of −0', of({ kind: 'integer' }), -0],
    ['an integer of NaN', of({ kind: 'integer' }), Number.NaN],
    ['an infinite integer', of({ kind: 'integer' }), Number.POSITIVE_INFINITY],
    ['an integer of 2^53', of({ kind: 'integer' }), 2 ** 53],
    ['an integer of −2^53', of({ kind: 'integer' }), -(2 ** 53)],
    ['a bigint as an integer', of({ kind: 'integer' }), 1n],
    ['a bigint as a number', of({ kind: 'number' }), 1n],
    ['an object as a number', of({ kind: 'number' }), { valueOf: () => 1 }],
    ['a text as a boolean', of({ kind: 'boolean' }), 'true'],
    ['half a number as a bigint', of({ kind: 'bigint' }), 1.5],
    ['a bigint of more than 64 bits', of({ kind: 'bigint' }), 2n ** 64n],
    ['an invalid date', of({ kind: 'date' }), new Date(Number.NaN)],
    ['a text as a date', of({ kind: 'date' }), '2020-01-01'],
    ['an array as bytes', of({ kind: 'bytes' }), [1]],
    ['a wide array as bytes', of({ kind: 'bytes' }), new Uint16Array(1)],
    ['what an enum does not have', of({ kind: 'enum', values: [0, 'a'] }), 'b'],
    ['−0 for the 0 of an enum', of({ kind: 'enum', values: [0, 'a'] }), -0],
    ['an object as an array', of({ kind: 'array', items: { kind: 'any' } }), { length: 1 }],
    ['an item that is undefined', of({ kind: 'array', items: { kind: 'any' } }), [undefined]],
    ['a hole', of({ kind: 'array', items: { kind: 'any' } }), Array(1)],
    ['an item of another type', of({ kind: 'array', items: { kind: 'string' } }), ['a', 1]],
    ['a Map as a map', of({ kind: 'map', values: { kind: 'any' } }), new Map()],
    ['an array as a map', of({ kind: 'map', values: { kind: 'any' } }), []],
    ['a map with the key __proto__', of({ kind: 'map', values: { kind: 'any' } }), JSON.parse('{"__proto__":1}')],
    [
      'an object that tells no class of a union',
      of({ kind: 'union', property: 'k', choices: [{ name: 'a', record: 0 }] }),
      { k: 'b' },
    ],
    [
      'an array of more than a million items',
      of({ kind: 'array', items: { kind: 'boolean' } }),
      Array(1_000_001).fill(true),
    ],
  ])('does not take %s', (_what, layout, value) => {
    expect(written(writer(layout), { f: value }, plain)).toBeUndefined();
  });

  test('cycles and deep nesting do not fit, and 64 levels do', () => {
    const node = layoutOf({ next: { optional: true, type: { kind: 'record', record: 0 } } });
    const deep = (levels: number): object => (levels === 1 ? {} : { next: deep(levels - 1) });
    const cycle: { next?: object } = {};
    cycle.next = cycle;
    expect(written(writer(node), deep(64), plain)).toHaveLength(64);
    expect(written(writer(node), deep(65), plain)).toBeUndefined();
    expect(written(writer(node), cycle, plain)).toBeUndefined();
  });

  test('names that every object inherits are fields only where an object has them itself', () => {
    const layout = layoutOf({
      constructor: { optional: true, type: { kind: 'string' as const } },
      toString: { optional: true, type: { kind: 'any' as const } },
    });
    expect(readBack(layout, written(writer(layout), {}, plain)!)).toEqual({});
    const own = Object.defineProperty({ toString: 1 } as object, 'constructor', { value: 'x', enumerable: true });
    const back = readBack(layout, written(writer(layout), own, plain)!) as object;
    expect(Object.entries(back).sort()).toEqual([
      ['constructor', 'x'],
      ['toString', 1],
    ]);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  test('where Object.prototype has enumerable properties, nothing fits', () => {
    const write = writer(person);
    let polluted: Buffer | undefined;
    Object.defineProperty(Object.prototype, 'age', { value: 66, enumerable: true, configurable: true, writable: true });
    try {
      polluted = written(write, { name: 'Ada' }, plain);
    } finally {
      delete (Object.prototype as { age?: unknown }).age;
    }
    expect(polluted).toBeUndefined();
    expect(written(write, { name: 'Ada' }, plain)).toBeDefined();
  });

  test('a getter is asked once, and what it throws is passed on with the position as it was', () => {
    let asked = 0;
    const value = {
      get name() {
        asked += 1;
        if (asked === 2) throw new RangeError('not again');
        return 'Ada';
      },
    };
    const sink = new BufferSink();
    const write = writer(person);
    expect(write(value, sink, plain.encode)).toBe(true);
    const end = sink.position;
    expect(() => write(value, sink, plain.encode)).toThrow(RangeError);
    expect([asked, sink.position]).toEqual([2, end]);
  });

  test('what the plain encoder throws is passed on with the position as it was', () => {
    const sink = new BufferSink();
    expect(() => writer(of({ kind: 'any' }))({ f: () => {} }, sink, plain.encode)).toThrow(/function/);
    expect(sink.position).toBe(0);
  });

  test('a getter may write with the same writer into the same sink, which grows', () => {
    const list: Layout = {
      records: [
        recordOf({
          first: { kind: 'string' },
          items: { kind: 'array', items: { kind: 'record', record: 1 } },
          last: { kind: 'string' },
          goer: { optional: true, type: { kind: 'record', record: 1 } },
          two: { kind: 'integer' },
        }),
        recordOf({ a: { kind: 'string' }, b: { optional: true, type: { kind: 'array', items: { kind: 'string' } } } }),
      ],
    };
    const write = writer(list);
    const inner = { first: 'i'.repeat(100), items: [{ a: 'j' }], last: '', two: -1 };
    const seen: unknown[] = [];
    const ask = (sink: Sink, text: string): string => {
      const before = sink.position;
      expect(write(inner, sink, plain.encode)).toBe(true);
      seen.push(readBack(list, Buffer.from(sink.buffer.subarray(before, sink.position))));
      return text;
    };
    const asField = (sink: Sink, text: string) => ({
      get a() {
        return ask(sink, text);
      },
      b: ['x'],
    });
    const asItem = (sink: Sink, text: string) => ({
      a: 'y',
      b: Object.defineProperty(['x', ''], 1, { get: () => ask(sink, text) }),
    });
    for (const initialBytes of [1, 64, 1_000]) {
      const sink = new BufferSink(1_000_000, initialBytes);
      const items = [asField(sink, 'one'), { a: 'two' }, asItem(sink, 'three')];
      const bytes = written(write, { first: 'f', goer: asField(sink, 'g'), items, last: 'l', two: 2 }, plain, sink)!;
      expect(readBack(list, bytes)).toEqual({
        first: 'f',
        goer: { a: 'g', b: ['x'] },
        items: [{ a: 'one', b: ['x'] }, { a: 'two' }, { a: 'y', b: ['x', 'three'] }],
        last: 'l',
        two: 2,
      });
    }
    expect(seen).toEqual(Array(9).fill(inner));
  });

  test('a sink that gives a new buffer at each asking is written whole', () => {
    const layout = layoutOf({ a: { kind: 'string' }, b: { kind: 'any' }, c: { kind: 'number' }, d: { kind: 'bytes' } });
    const value = { a: 'ä'.repeat(40), b: ['plain'], c: 0.5, d: Uint8Array.of(1, 2, 3) };
    const sink: Sink = {
      buffer: Buffer.alloc(0),
      position: 0,
      ensure(bytes) {
        const grown = Buffer.alloc(this.position + bytes);
        this.buffer.copy(grown, 0, 0, this.position);
        this.buffer.fill(0xee);
        this.buffer = grown;
      },
    };
    expect(writer(layout)(value, sink, plain.encode)).toBe(true);
    expect(readBack(layout, sink.buffer.subarray(0, sink.position) as Buffer)).toEqual(value);
  });

  test('what the sink throws is passed on with the position as it was', () => {
    const full = new BufferSink(20, 4);
    full.position = 3;
    const encode: Encoder = plain.encode;
    expect(() => writer(person)({ name: 'x'.repeat(30) }, full, encode)).toThrow(/over the limit/);
    expect(full.position).toBe(3);
  });
});
