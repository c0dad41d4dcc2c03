import { generated } from '@tenon/codec-protobuf/generated';
import { ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { IsString } from 'class-validator';
import { describe, expect, test } from 'vitest';
import { createProtobufCodec } from './fixture.js';
import { sampleDescriptor } from './official.js';
import { numbers, Sample } from './sample-class.js';
import { field, nestedFields, nestedGroups, varint } from './wire.js';

// Rows H-01, H-02, H-05 and H-12 of the fault catalogue, for every reader of this package.

const readers = [
  ['generated code', createProtobufCodec().open().decoder(Sample)],
  ['closures', createProtobufCodec({ generateCode: false }).open().decoder(Sample)],
  ['generated messages', createProtobufCodec().open().decoder(generated(sampleDescriptor()))],
] as const;

describe.each(readers)('%s', (_, decode) => {
  const read = (bytes: Uint8Array): unknown => decode(bytes, 0, bytes.length);

  test('H-01: a million messages or groups inside each other are refused without overflowing the stack', () => {
    for (const bytes of millionDeep()) {
      expect(refusedWith(() => read(bytes))).toMatch(/nested more than 64 deep/);
    }
  });

  test('H-02: a claimed length allocates nothing', () => {
    const claims = [
      numbers.text,
      numbers.texts,
      numbers.reals,
      numbers.list,
      numbers.entries,
      numbers.bytes,
      5_000,
    ].map((number) => field(number, 2, varint(2 ** 32 - 1), Buffer.from([1, 2])));
    const before = process.memoryUsage();
    for (let turn = 0; turn < 1_000; turn += 1) for (const bytes of claims) refusedWith(() => read(bytes));
    const { arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers - before.arrayBuffers).toBeLessThan(1_024 * 1_024);
  });

  test('4 MiB of empty messages are refused, since each of them takes fifty times its bytes in memory', () => {
    const bytes = Buffer.alloc(4 * 1_024 * 1_024, field(numbers.list, 2, varint(0)));
    expect(refusedWith(() => read(bytes))).toMatch(/more than 1000000 elements/);
  });

  test('H-05: no key of an entry reaches a prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
      const entry = Buffer.concat([field(1, 2, varint(key.length), Buffer.from(key)), field(2, 2, varint(0))]);
      const value = read(field(numbers.entries, 2, varint(entry.length), entry)) as { entries: object };
      expect(Object.keys(value.entries)).toEqual([key]);
      expect(Object.hasOwn(value.entries, key)).toBe(true);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { text?: unknown }).text).toBeUndefined();
  });

  test('pieces of one message are joined in linear time', () => {
    const piece = field(numbers.inner, 2, varint(2), field(numbers.whole, 0, varint(1)));
    const value = read(Buffer.alloc(piece.length * 50_000, piece)) as { inner: { whole: number | bigint } };
    expect(Number(value.inner.whole)).toBe(1);
  });

  test('35,000 generated messages end as a value or as InvalidArgument', () => {
    let seed = 0x2545_f491;
    const random = (below: number): number => {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      return (seed >>> 0) % below;
    };
    for (let round = 0; round < 35_000; round += 1) {
      const fields = Array.from({ length: 1 + random(4) }, () => frame(random, 3));
      const bytes = Buffer.concat(fields);
      if (random(2) === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256);
      try {
        read(bytes);
      } catch (thrown) {
        const isRefusal =
          thrown instanceof ServiceError && thrown.code === 'InvalidArgument' && thrown.executed === 'no';
        if (!isRefusal) throw thrown;
      }
    }
  });
});

test('texts that are no UTF-8, and numbers that no safe integer is, are refused', () => {
  const decode = createProtobufCodec().open().decoder(Sample);
  const read = (bytes: Buffer) => decode(bytes, 0, bytes.length);
  for (const hex of ['c3', 'ed a0 80', 'f8 88 80 80 80', 'c0 80', '61 ff']) {
    const text = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(refusedWith(() => read(field(numbers.text, 2, varint(text.length), text)))).toMatch(/not UTF-8/);
  }
  // A replacement character that somebody wrote is a text like any other.
  const replacement = Buffer.from('a\ufffd');
  expect(read(field(numbers.text, 2, varint(replacement.length), replacement))).toMatchObject({ text: 'a\ufffd' });
  const sink = new BufferSink();
  createProtobufCodec().open().encoder(Sample)({ ...zero, big: 2n ** 53n }, sink);
  const asWhole = Buffer.concat([varint(numbers.whole * 8), sink.bytes().subarray(1)]);
  expect(refusedWith(() => read(asWhole))).toMatch(/an integer beyond 2\^53/);
  for (const hex of [
    '18ffffffffffffffffff7f01',
    '00',
    '06',
    '07',
    '1c',
    '2300',
    '0c',
    'ffffffffff01',
    '80808080808001',
  ]) {
    refusedWith(() => read(Buffer.from(hex, 'hex')));
  }
});

test('a class that everything inherits a member of is written and read as data', () => {
  class Odd {
    @IsString() constructor_!: string;
    @IsString() toString_!: string;
  }
  const decode = createProtobufCodec().open().decoder(Odd);
  expect(decode(Buffer.alloc(0), 0, 0)).toEqual({ constructor_: '', toString_: '' });
});

let made: readonly Buffer[] | undefined;

/** Made once: several megabytes for each way of nesting. */
function millionDeep(): readonly Buffer[] {
  made ??= [
    nestedFields(numbers.inner, 1_000_000),
    nestedGroups(1_000_000),
    nestedGroups(1_000_000).subarray(0, 2_000_000),
  ];
  return made;
}

const zero = { text: '', flag: false, whole: 0, real: 0, texts: [], reals: [], list: [] };

function frame(random: (below: number) => number, depth: number): Buffer {
  const number = random(12) === 0 ? 1 + random(100_000) : 1 + random(14);
  const type = random(10) === 0 ? random(8) : ([2, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0][number - 1] ?? random(6));
  if (type === 0) return field(number, 0, varint(random(2) === 0 ? random(200) : random(0xffff_ffff) * 4_096));
  if (type === 1) return field(number, 1, Buffer.from(Array.from({ length: 8 }, () => random(256))));
  if (type === 5) return field(number, 5, Buffer.from([1, 2, 3, 4]));
  const content =
    random(3) === 0 && depth > 0
      ? Buffer.concat([frame(random, depth - 1), frame(random, depth - 1)])
      : Buffer.from(Array.from({ length: random(12) }, () => (random(4) === 0 ? random(256) : 97 + random(26))));
  return field(number, type, varint(random(30) === 0 ? random(400) : content.length), content);
}

function refusedWith(read: () => unknown): string {
  try {
    read();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServiceError);
    expect((thrown as ServiceError).code).toBe('InvalidArgument');
    return (thrown as ServiceError).rawMessage;
  }
  throw new Error('it was accepted');
}
