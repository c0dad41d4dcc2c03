import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Decoder } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { MessageReader, type ReadLimits } from './message-reader.js';
import { MessageWriter } from './message-writer.js';
import { msgpackDecoder } from './msgpack-decoder.js';
import { msgpackEncoder } from './msgpack-encoder.js';
import { RecordCodes } from './record-codes.js';
import { ShapeTable } from './shape-table.js';

const codes = new RecordCodes();
const decode = decoderOf({ maxDepth: 64, maxElements: 1_000_000 });
const encode = msgpackEncoder(new MessageWriter(64, new ShapeTable(codes, 64)));

function decoderOf(limits: ReadLimits): Decoder {
  return msgpackDecoder(new MessageReader(limits, codes));
}

function valueIn(hex: string): unknown {
  const bytes = Buffer.from(hex, 'hex');
  return decode(bytes, 0, bytes.length);
}

function bytesOf(value: unknown): Buffer {
  const sink = new BufferSink(64 * 1_024 * 1_024);
  encode(value, sink);
  return sink.bytes();
}

test.each<[string, unknown]>([
  ['cf0000000000000005', 5],
  ['cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['cf0020000000000001', 2n ** 53n + 1n],
  ['cfffffffffffffffff', 2n ** 64n - 1n],
  ['d3ffffffffffffffff', -1],
  ['d3ffe0000000000001', Number.MIN_SAFE_INTEGER],
  ['d3ffdfffffffffffff', -(2n ** 53n) - 1n],
  ['d38000000000000000', -(2n ** 63n)],
  ['ca3fc00000', 1.5],
  ['ca7fc00000', Number.NaN],
  ['caff800000', Number.NEGATIVE_INFINITY],
  ['5f', 0x5f],
  ['d6ff00000001', new Date(1_000)],
  ['d7ff003d090000000000', new Date(1)],
  ['c704ff00000001', new Date(1_000)],
  ['c70cff3b8b87c0ffffffffffffffff', new Date(-1)],
  ['c70cff00000000fffff82457de8000', new Date(-8.64e15)],
  ['c70cff00000000000007dba8218000', new Date(8.64e15)],
])('%s reads as %o', (hex, value) => {
  expect(valueIn(hex)).toEqual(value);
});

test('bytes come back as a plain Uint8Array that owns its memory, from small and from large messages', () => {
  for (const length of [0, 3, 10_000]) {
    const bytes = bytesOf({ data: new Uint8Array(length).fill(7) });
    const { data } = decode(bytes, 0, bytes.length) as { data: Uint8Array };
    bytes.fill(0);
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    expect(data.buffer.byteLength, 'nothing else is in the memory behind it').toBe(length);
    expect(data).toEqual(new Uint8Array(length).fill(7));
  }
});

test('records are plain objects and arrays plain arrays', () => {
  const value = valueIn('82a161 91 80 a162 c0'.replaceAll(' ', '')) as { a: unknown[] };
  expect(value).toStrictEqual({ a: [{}], b: null });
  expect([Object.getPrototypeOf(value), Object.getPrototypeOf(value.a)]).toEqual([Object.prototype, Array.prototype]);
});

test('the same key twice gives the later value', () => {
  expect(valueIn('82a16101a16102')).toEqual({ a: 2 });
});

test('bytes that are no UTF-8 read as U+FFFD, in keys too', () => {
  expect(valueIn('81a1ffa2c328')).toEqual({ '\ufffd': '\ufffd(' });
});

test('a text that starts with a byte order mark keeps it, at every length and place', () => {
  const lengths = [0, 1, 28, 29, 60, 61, 62, 64, 65, 252, 253, 65_532, 65_533];
  const texts = lengths.flatMap((length) => [`\ufeff${'x'.repeat(length)}`, `\ufeff\ufeff${'ü'.repeat(length)}`]);
  for (const text of texts) {
    for (const value of [text, [text, 1, text], { [text]: text, after: [text] }]) {
      const bytes = bytesOf(value);
      const around = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(9, 0xff)]);
      expect(decode(around, 3, 3 + bytes.length)).toEqual(value);
    }
  }
  const every = Object.fromEntries(texts.map((text, index) => [`${text}${index}`, text]));
  const bytes = bytesOf(every);
  expect(decode(bytes, 0, bytes.length)).toEqual(every);
});

test('the memory of a message is not held after it was read', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const weakly = (() => {
    const bytes = new Uint8Array(bytesOf({ data: 'x'.repeat(1_000_000), more: Buffer.alloc(500) }));
    const value = decode(bytes, 0, bytes.length);
    return { memory: new WeakRef(bytes.buffer), value };
  })();
  for (let turn = 0; turn < 20 && weakly.memory.deref() !== undefined; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  expect(weakly.memory.deref()).toBeUndefined();
  expect(weakly.value).toBeTypeOf('object');
});

test('the source is left as it was, without so much as a property', () => {
  for (const length of [10, 5_000]) {
    const bytes = bytesOf({ text: 'x'.repeat(length) });
    const before = Buffer.from(bytes);
    decode(bytes, 0, bytes.length);
    expect(bytes.equals(before)).toBe(true);
    expect(Object.getOwnPropertyNames(bytes).filter((name) => !/^\d+$/.test(name))).toEqual([]);
  }
});

test('limits are those of the decoder', () => {
  const small = decoderOf({ maxDepth: 1, maxElements: 3 });
  expect(small(Buffer.from('92c0c0', 'hex'), 0, 3)).toEqual([null, null]);
  expect(() => small(Buffer.from('93c0c0c0', 'hex'), 0, 4)).toThrow(/more than 3 values/);
  expect(() => small(Buffer.from('9190', 'hex'), 0, 2)).toThrow(/nesting of more than 1/);
});
