import { type Codec, ServiceError } from '@tenon/contract';
import { BufferSink, CodecSet } from '@tenon/contract/authoring';
import { describe, expect, it } from 'vitest';
import { type JsonCodecOptions, jsonCodec } from './json-codec.js';

describe('jsonCodec', () => {
  it('is a provider of Codec under application/json and text/json', () => {
    const codec = create();
    expect(codec.contentType).toBe('application/json');
    expect(codec.aliases).toEqual(['text/json']);
    expect(codec.capabilities).toEqual({ bytes: false, dates: false, bigints: false, nonFinite: false });
    expect(new CodecSet([codec]).of('Text/JSON; charset=utf-8').decode(Buffer.from('[1]'))).toEqual([1]);
  });

  it('hands out one session to all connections', () => {
    const codec = create();
    expect(codec.open()).toBe(codec.open());
    expect(codec.open().encoder()).toBe(codec.open().encoder());
  });

  it.each([0, 513, 1.5, Number.NaN])('refuses a depth of %s and names the option', (maxDepth) => {
    expect(() => jsonCodec({ maxDepth })).toThrow(`jsonCodec.maxDepth is ${maxDepth}`);
  });

  it('takes another depth, for both directions', () => {
    const codec = create({ maxDepth: 2 });
    expect(text([[1]], codec)).toBe('[[1]]');
    expect(thrownBy(() => text([[[1]]], codec)).message).toContain('more than 2 deep');
    const decode = codec.open().decoder();
    expect(decode(Buffer.from('[[1]]'), 0, 5)).toEqual([[1]]);
    expect(thrownBy(() => decode(Buffer.from('[[[1]]]'), 0, 7)).message).toContain('more than 2 deep at byte 2');
  });

  it('keeps its default of 64', () => {
    expect(text(nested(64))).toBe(`${'['.repeat(64)}${']'.repeat(64)}`);
    expect(thrownBy(() => text(nested(65))).message).toContain('more than 64 deep');
  });
});

describe('the text of a value', () => {
  it.each([
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Date(Number.NaN), 'null'],
    [Buffer.from('Zoë'), '"Wm/Dqw=="'],
    [new Uint8Array([1, 2, 3]).subarray(1), '"AgM="'],
    [Number.NaN, 'null'],
    [-0, '0'],
    [undefined, 'null'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [new Array(2), '[null,null]'],
    [[Object('x'), Object(1), Object(true)], '["x",1,true]'],
    ['\ud800 🙂', '"\\ud800 🙂"'],
    [new URL('http://a.example/'), '"http://a.example/"'],
  ])('of %o is %s', (value, expected) => {
    expect(text(value)).toBe(expected);
    expect(text({ value: [value] })).toBe(value === undefined ? '{"value":[null]}' : `{"value":[${expected}]}`);
  });

  it('asks toJSON once, with the key, and writes what it gives as data', () => {
    const keys: string[] = [];
    const money = {
      toJSON(key: string) {
        keys.push(key);
        return { amount: 1, at: new Date(0) };
      },
    };
    expect(text({ price: money, list: [money] })).toBe(
      '{"price":{"amount":1,"at":"1970-01-01T00:00:00.000Z"},"list":[{"amount":1,"at":"1970-01-01T00:00:00.000Z"}]}',
    );
    expect(text(money)).toContain('amount');
    expect(keys).toEqual(['price', '0', '']);
  });

  it('does not ask toJSON again of what it gave', () => {
    class Self {
      readonly a = 1;
      calls = 0;
      toJSON(): this {
        this.calls += 1;
        return this;
      }
    }
    const self = new Self();
    expect(text(self)).toBe('{"a":1,"calls":1}');
    expect(self.calls).toBe(1);
  });

  it('holds an own key __proto__ as data, also where the record had to be copied', () => {
    const record: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    expect(text(record)).toBe('{"__proto__":{"admin":true},"a":1}');
    (record as { at: Date }).at = new Date(0);
    expect(text(record)).toBe('{"__proto__":{"admin":true},"a":1,"at":"1970-01-01T00:00:00.000Z"}');
  });

  it.each([
    [new Map(), 'a Map'],
    [new Set(), 'a Set'],
    [Promise.resolve(), 'a Promise'],
    [new ArrayBuffer(1), 'a buffer other than Uint8Array'],
    [new Float64Array(1), 'a buffer other than Uint8Array'],
    [new WeakMap(), 'a weak collection'],
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [1n, 'a bigint'],
    [Object(1n), 'a bigint'],
  ])('refuses what it would lose: %o', (value, kind) => {
    const error = thrownBy(() => text({ items: [1, { callback: value }] }));
    expect(error.code).toBe('InvalidArgument');
    expect(error.executed).toBe('no');
    expect(error.rawMessage).toBe(`the value at .items[1].callback is ${kind}, which JSON cannot express`);
    expect(thrownBy(() => text(value)).rawMessage).toBe(`the value is ${kind}, which JSON cannot express`);
  });

  it('names no key that may be content', () => {
    const error = thrownBy(() => text({ users: { 'ada@example.org': () => 1 } }));
    expect(error.rawMessage).toContain('at .users["…"] is');
  });

  it('names the right place behind places that were left', () => {
    const error = thrownBy(() => text({ a: [[1], [2]], b: { c: 1, d: [0, Symbol('s')] } }));
    expect(error.rawMessage).toContain('at .b.d[1] is a symbol');
  });

  it.each([
    ['lists', (shared: unknown) => [shared, shared]],
    ['records', (shared: unknown) => ({ a: shared, b: shared })],
  ])('ends a walk through shared %s that the limit of the sink makes pointless', (_, twice) => {
    let shared: unknown = { leaf: 1 };
    for (let level = 0; level < 24; level += 1) shared = twice(shared);
    const error = thrownBy(() => text(shared));
    expect(error.code).toBe('ResourceExhausted');
    // What was counted when the limit was reached, not what the whole text would have taken.
    expect(Number(/a message of (\d+) bytes/.exec(error.rawMessage)?.[1])).toBeLessThan(4_300_000);
  });

  it('refuses a list that is longer than the limit before it walks it', () => {
    expect(thrownBy(() => text(new Array(1_000_000_000))).rawMessage).toContain('over the limit of 4194304');
  });

  it('lets the error of a getter pass as it is', () => {
    const broken = {
      get value(): never {
        throw new RangeError('mine');
      },
    };
    expect(() => text(broken)).toThrow(new RangeError('mine'));
  });
});

function create(options?: JsonCodecOptions): Codec {
  return (jsonCodec(options).create as () => Codec)();
}

function text(value: unknown, codec = create()): string {
  const sink = new BufferSink();
  codec.open().encoder()(value, sink);
  return sink.bytes().toString();
}

function nested(levels: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

function thrownBy(body: () => unknown): ServiceError {
  try {
    body();
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
