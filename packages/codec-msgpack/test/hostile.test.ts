import { type Decoder, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMsgpackCodec } from './fixture.js';
import { roundTrippable } from './values.js';

const codec = createMsgpackCodec();
const session = codec.open();
const decode = session.decoder();
const linkedDecode = decoderWithStructures();

/** The decoder of a linked session, which reads structures of one, two and three names. */
function decoderWithStructures(): Decoder {
  const linked = codec.open({ linked: true });
  const announcement = Buffer.from('940091a16192a161a16293a161a162a163', 'hex');
  linked.learn?.(announcement, 0, announcement.length);
  return linked.decoder();
}

/** Decodes; fails on any error but the one that the contract allows. Returns whether the bytes were a value. */
function isValue(bytes: Uint8Array, decode: Decoder): boolean {
  try {
    decode(bytes, 0, bytes.length);
    return true;
  } catch (thrown) {
    const fits = thrown instanceof ServiceError && thrown.code === 'InvalidArgument' && thrown.executed === 'no';
    if (!fits) throw new Error(`${Buffer.from(bytes).toString('hex')} ended in ${String(thrown)}`, { cause: thrown });
    return false;
  }
}

/** A damaged copy of a message: some bytes replaced, a piece removed, or a piece repeated. */
function damaged(): fc.Arbitrary<Uint8Array> {
  const damage = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.nat({ max: 3 }) });
  return fc.tuple(roundTrippable(), fc.array(damage, { minLength: 1, maxLength: 4 })).map(([value, damages]) => {
    const sink = new BufferSink();
    session.encoder()(value, sink);
    return damages.reduce<Buffer>((bytes, { at, byte, kind }) => {
      const place = at % (bytes.length + 1);
      if (kind === 0) return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + (byte % 16))]);
      if (kind === 1) return Buffer.concat([bytes, bytes.subarray(place)]);
      const copy = Buffer.from(bytes);
      if (place < copy.length) copy[place] = kind === 2 ? byte : 0xc0 | (byte & 0x1f);
      return copy;
    }, sink.bytes());
  });
}

/** Bytes among which those that open something are as frequent as all others. */
function random(): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0x80, max: 0x9f }),
    fc.integer({ min: 0xc0, max: 0xdf }),
    fc.constantFrom(0xc1, 0, 1, 2),
  );
  return fc.array(byte, { maxLength: 48 }).map((bytes) => Uint8Array.from(bytes));
}

test('100,000 random and damaged messages are read or refused, in bounded memory, and touch no prototype', () => {
  const rssBefore = process.memoryUsage().rss;
  const counts = { values: 0, refusals: 0 };
  const count = (bytes: Uint8Array): void => {
    for (const one of [decode, linkedDecode]) {
      if (isValue(bytes, one)) counts.values += 1;
      else counts.refusals += 1;
    }
  };
  fc.assert(fc.property(random(), count), { numRuns: 75_000 });
  fc.assert(fc.property(damaged(), count), { numRuns: 25_000 });

  expect(counts.values, 'many inputs are values').toBeGreaterThan(10_000);
  expect(counts.refusals).toBeGreaterThan(50_000);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(256 * 1_024 * 1_024);
}, 120_000);

test.each([
  ['arrays', '91'],
  ['records', '81a161'],
])('a million %s inside each other are refused at the 65th, alone and in a linked session', (_what, one) => {
  const bytes = new Uint8Array(Buffer.from(one.repeat(1_000_000), 'hex'));
  for (const read of [decode, linkedDecode]) {
    expect(() => read(bytes, 0, bytes.length)).toThrow(/nesting of more than 64/);
  }
});

test('keys that name parts of a prototype are data, and __proto__ is refused wherever it stands', () => {
  const hostile = fc.constantFrom('__proto__', 'constructor', 'prototype', 'then', 'toString', 'hasOwnProperty');
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 6 }), (path) => {
      const parts = path.map((key) => Buffer.concat([Buffer.from([0x81, 0xa0 | key.length]), Buffer.from(key)]));
      const bytes = Buffer.concat([...parts, Buffer.from('81a8706f6c6c75746564c3', 'hex')]);
      if (path.includes('__proto__')) {
        expect(isValue(bytes, decode)).toBe(false);
      } else {
        let value = decode(bytes, 0, bytes.length) as Record<string, unknown>;
        for (const key of path) {
          expect([Object.keys(value), Object.getPrototypeOf(value)]).toEqual([[key], Object.prototype]);
          value = value[key] as Record<string, unknown>;
        }
        expect(value).toEqual({ polluted: true });
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }),
  );
});
