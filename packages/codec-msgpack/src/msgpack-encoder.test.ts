import { type Encoder, ServiceError, type Sink } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { MessageWriter } from './message-writer.js';
import { msgpackEncoder } from './msgpack-encoder.js';
import { RecordCodes } from './record-codes.js';
import { ShapeTable } from './shape-table.js';

const encode = encoderOf(64);

function encoderOf(maxDepth: number): Encoder {
  return msgpackEncoder(new MessageWriter(maxDepth, new ShapeTable(new RecordCodes(), 64)));
}

function hexOf(value: unknown): string {
  const sink = new BufferSink(undefined, 1);
  encode(value, sink);
  return sink.bytes().toString('hex');
}

function refusalOf(value: unknown, sink: Sink = new BufferSink()): ServiceError {
  try {
    encode(value, sink);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServiceError);
    expect((thrown as ServiceError).executed).toBe('no');
    return thrown as ServiceError;
  }
  throw new Error('it was encoded');
}

const text = (length: number): string => 'x'.repeat(length);
const xs = (length: number): string => '78'.repeat(length);

test.each<[unknown, string]>([
  [null, 'c0'],
  [undefined, 'c0'],
  [false, 'c2'],
  [true, 'c3'],
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65_535, 'cdffff'],
  [65_536, 'ce00010000'],
  [2 ** 32 - 1, 'ceffffffff'],
  [2 ** 32, 'cb41f0000000000000'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32_768, 'd18000'],
  [-32_769, 'd2ffff7fff'],
  [-(2 ** 31), 'd280000000'],
  [-(2 ** 31) - 1, 'cbc1e0000000200000'],
  [-0, 'cb8000000000000000'],
  [1.5, 'cb3ff8000000000000'],
  [Number.NaN, 'cb7ff8000000000000'],
  [Number.POSITIVE_INFINITY, 'cb7ff0000000000000'],
  [5n, 'd30000000000000005'],
  [-(2n ** 63n), 'd38000000000000000'],
  [2n ** 63n - 1n, 'd37fffffffffffffff'],
  [2n ** 63n, 'cf8000000000000000'],
  [2n ** 64n - 1n, 'cfffffffffffffffff'],
  ['', 'a0'],
  ['é', 'a2c3a9'],
  ['🙂', 'a4f09f9982'],
  ['\ud800', 'a3efbfbd'],
  [text(31), `bf${xs(31)}`],
  [text(32), `d920${xs(32)}`],
  [text(255), `d9ff${xs(255)}`],
  [text(256), `da0100${xs(256)}`],
  [text(65_535), `daffff${xs(65_535)}`],
  [text(65_536), `db00010000${xs(65_536)}`],
  ['é'.repeat(16), `d920${'c3a9'.repeat(16)}`],
  [new Uint8Array([1, 2]), 'c4020102'],
  [Buffer.alloc(256), `c50100${'00'.repeat(256)}`],
  [new Uint8Array(65_536), `c600010000${'00'.repeat(65_536)}`],
  [[], '90'],
  [[1, [2]], '92019102'],
  [new Array(16).fill(0), `dc0010${'00'.repeat(16)}`],
  [new Array(65_536).fill(0), `dd00010000${'00'.repeat(65_536)}`],
  [[undefined, 1], '92c001'],
  [{}, '80'],
  [{ a: 1 }, '81a16101'],
  [{ a: undefined, b: 2 }, '81a16202'],
  [{ a: undefined }, '80'],
  [new Date(0), 'd6ff00000000'],
  [new Date((2 ** 32 - 1) * 1_000), 'd6ffffffffff'],
  [new Date(1), 'd7ff003d090000000000'],
  [new Date(2 ** 32 * 1_000), 'd7ff0000000100000000'],
  [new Date(-1), 'c70cff3b8b87c0ffffffffffffffff'],
  [new Date(2 ** 34 * 1_000), 'c70cff000000000000000400000000'],
])('%o has the bytes of the specification', (value, hex) => {
  expect(hexOf(value)).toBe(hex);
});

test('fields left out lower the count in each size of header', () => {
  const record = (fields: number): Record<string, unknown> => {
    const keys = new Array(fields).fill(0).map((_, index) => `k${index}`);
    return Object.fromEntries([...keys.map((key) => [key, 1]), ['gone', undefined]]);
  };
  expect(hexOf(record(14)).slice(0, 2)).toBe('8e');
  expect(hexOf(record(15)).slice(0, 6)).toBe('de000f');
  expect(hexOf(record(300)).slice(0, 6)).toBe('de012c');
  expect(hexOf(record(65_535)).slice(0, 10)).toBe('df0000ffff');
});

test('boxed primitives are written as what they hold, and objects with toJSON as what it gives', () => {
  expect(hexOf([Object(1), Object('a'), Object(true)])).toBe(hexOf([1, 'a', true]));
  expect(hexOf(new URL('http://a.example/'))).toBe(hexOf('http://a.example/'));
  class Money {
    constructor(readonly cents: number) {}
    toJSON(): unknown {
      return { cents: this.cents, at: new Date(0) };
    }
  }
  expect(hexOf([new Money(5)])).toBe(hexOf([{ cents: 5, at: new Date(0) }]));
  class Endless {
    readonly own = 1;
    toJSON(): unknown {
      return new Endless();
    }
  }
  expect(hexOf(new Endless())).toBe(hexOf({ own: 1 }));
  class Stamp {
    toJSON(): unknown {
      return new Date(0);
    }
  }
  expect(hexOf(new Stamp())).toBe(hexOf(new Date(0)));
});

test.each<[string, unknown, RegExp]>([
  ['a function', () => 1, /the value is a function/],
  ['a symbol in an array', [1, [Symbol('s')]], /the value at \[1\]\[0\] is a symbol/],
  ['a function in a record', { items: [{ price: () => 1 }] }, /the value at \.items\[0\]\.price is a function/],
  ['a function under a key that may be a secret', { 'my secret': () => 1 }, /the value at \["…"\] is a function/],
  ['a Map', { a: new Map() }, /\.a is a Map/],
  ['a Set', new Set(), /is a Set/],
  ['a promise that nobody awaited', { user: Promise.resolve() }, /\.user is a Promise/],
  ['an Error', new TypeError('x'), /is an Error/],
  ['a RegExp', /x/, /is a RegExp/],
  ['a WeakMap', new WeakMap(), /is a weak collection/],
  ['an ArrayBuffer', new ArrayBuffer(1), /is a buffer other than Uint8Array/],
  ['a Float64Array', new Float64Array([1.5]), /is a buffer other than Uint8Array/],
  ['a DataView', new DataView(new ArrayBuffer(1)), /is a buffer other than Uint8Array/],
  ['an invalid date', { at: new Date('x') }, /\.at is an invalid Date/],
  ['a bigint of 65 bits', 2n ** 64n, /is a bigint of more than 64 bits/],
  ['a negative bigint of 65 bits', -(2n ** 63n) - 1n, /is a bigint of more than 64 bits/],
  ['an own key __proto__', JSON.parse('{"__proto__":1}'), /key that decoders of this package refuse/],
])('%s is refused by kind and place', (_what, value, message) => {
  const sink = new BufferSink();
  sink.position = 5;
  const error = refusalOf(value, sink);
  expect(error.code).toBe('InvalidArgument');
  expect(error.rawMessage).toMatch(message);
  expect(sink.position, 'the position is where it was').toBe(5);
});

test('a value that contains itself is refused by its depth, before it fills memory', () => {
  const cycle: Record<string, unknown> = { ballast: 'x'.repeat(1_000) };
  cycle['self'] = cycle;
  const sink = new BufferSink();
  expect(refusalOf(cycle, sink).rawMessage).toMatch(/\.self\.self.*… is nested more than 64 deep, or contains itself/);
  expect(sink.buffer.length).toBeLessThan(256 * 1_024);
});

test('after a refusal the position is where it was, also when the sink has grown meanwhile', () => {
  const sink = new BufferSink(undefined, 8);
  sink.position = 5;
  refusalOf(['x'.repeat(5_000), () => 1], sink);
  expect(sink.position).toBe(5);
});

test('a value whose parts are shared without end is stopped by the sink', () => {
  let value: unknown = ['x'.repeat(100)];
  for (let level = 0; level < 60; level += 1) value = [value, value];
  expect(refusalOf(value).code).toBe('ResourceExhausted');
});

test('an array of absurd length is refused before it is walked', () => {
  const sparse: unknown[] = [];
  sparse.length = 2 ** 32 - 1;
  let reads = 0;
  const watched = new Proxy(sparse, {
    get(target, key) {
      if (key !== 'length') reads += 1;
      return Reflect.get(target, key);
    },
  });
  expect(refusalOf(watched).code).toBe('ResourceExhausted');
  expect(reads).toBe(0);
});

test('what a getter throws is passed on where it is a ServiceError, and the cause of one where it is not', () => {
  const own = new ServiceError('PermissionDenied', 'not for you', { executed: 'no' });
  const throwing = (thrown: unknown) => ({
    first: 'x'.repeat(5_000),
    get second(): unknown {
      throw thrown;
    },
  });
  expect(refusalOf(throwing(own))).toBe(own);
  const error = refusalOf(throwing(new RangeError('plain')));
  expect([error.code, (error.cause as Error).message]).toEqual(['InvalidArgument', 'plain']);
});

test('a getter is read once', () => {
  let reads = 0;
  const value = {
    get count(): number | undefined {
      reads += 1;
      return reads > 1 ? 99 : 1;
    },
  };
  expect(hexOf(value)).toBe(hexOf({ count: 1 }));
  expect(reads).toBe(1);
});

test('two sinks may be filled in turn, across growth, each from where it stands', () => {
  const sinks = [new BufferSink(undefined, 16), new BufferSink(undefined, 70_000)] as const;
  const expected = ['', ''];
  for (let round = 0; round < 40; round += 1) {
    const which = round % 2;
    const value = { round, text: text(round * 150), bytes: Buffer.alloc(round * 40, round) };
    encode(value, sinks[which] as BufferSink);
    expected[which] += hexOf(value);
  }
  expect(sinks.map((sink) => sink.bytes().toString('hex'))).toEqual(expected);
  expect(Math.min(...sinks.map((sink) => sink.position))).toBeGreaterThan(65_536);
});

test('a value is asked for no more room than it takes, wherever the buffer ends', () => {
  const value = {
    id: 70_000,
    name: 'Zoë',
    long: text(300),
    list: [1.5, -40, 2n ** 60n, new Date(5), Buffer.from('ab')],
  };
  const bytes = hexOf(value);
  for (let initialBytes = 1; initialBytes <= bytes.length / 2; initialBytes += 1) {
    const sink = new BufferSink(bytes.length / 2, initialBytes);
    encode(value, sink);
    expect(sink.bytes().toString('hex')).toBe(bytes);
  }
});

test('the depth limit is the one that was set', () => {
  const shallow = encoderOf(1);
  shallow([1], new BufferSink());
  expect(() => shallow([[]], new BufferSink())).toThrow(/nested more than 1 deep/);
});

test('what a class is does not stay when an instance was of a built-in kind, or gets a toJSON later', () => {
  class Labels extends Map<string, string> {}
  class Order {
    readonly id = 1;
  }
  hexOf(Object.create(Map.prototype));
  hexOf(Object.create(Labels.prototype));
  expect(refusalOf({ a: new Map() }).rawMessage).toMatch(/\.a is a Map/);
  expect(refusalOf(new Labels()).rawMessage).toMatch(/is a Map/);
  for (let turn = 0; turn < 3; turn += 1) expect(hexOf(new Order())).toBe('81a2696401');
  expect(hexOf(Object.assign(new Order(), { toJSON: () => 'own' }))).toBe(hexOf('own'));
  Object.defineProperty(Order.prototype, 'toJSON', { value: () => new Date(0) });
  expect(hexOf([new Order()])).toBe(hexOf([new Date(0)]));
});
