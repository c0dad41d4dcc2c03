import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Codec } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { arbitrarySample } from './arbitrary-sample.js';
import { createProtobufCodec } from './fixture.js';
import { officialBytes, officialSample, sampleDescriptor, sampleFile } from './official.js';
import { Sample } from './sample-class.js';

// What is written and read here is what others write and read by the same .proto.

const desc = sampleDescriptor();

describe.each([
  ['generated code', true],
  ['closures', false],
])('%s', (_, generateCode) => {
  const codec = createProtobufCodec({ generateCode });

  test('@bufbuild/protobuf writes the same bytes, and reads ours', () => {
    fc.assert(
      fc.property(arbitrarySample(), (sample) => {
        const bytes = written(codec, sample);
        expect(bytes.equals(officialBytes(desc, sample))).toBe(true);
        expect(officialSample(desc, bytes)).toEqual(read(codec, bytes));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('what @bufbuild/protobuf writes is read as it was', () => {
    fc.assert(
      fc.property(arbitrarySample(), (sample) => {
        expect(read(codec, officialBytes(desc, sample))).toEqual(withoutUndefined(sample));
      }),
      { numRuns: 300, seed: 8 },
    );
  });
});

describe('protoc', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-protoc-'));
  // Debian has protobuf's own files in another, large package than protoc.
  mkdirSync(join(folder, 'google/protobuf'), { recursive: true });
  const own = 'syntax = "proto3"; package google.protobuf; message';
  writeFileSync(join(folder, 'google/protobuf/empty.proto'), `${own} Empty {}`);
  writeFileSync(
    join(folder, 'google/protobuf/timestamp.proto'),
    `${own} Timestamp { int64 seconds = 1; int32 nanos = 2; }`,
  );
  writeFileSync(join(folder, 'samples.proto'), sampleFile().text);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const protoc = (mode: '--decode' | '--encode', input: Uint8Array | string) =>
    execFileSync('protoc', [`-I${folder}`, `${mode}=samples.Sample`, 'samples.proto'], { input });

  test('reads what is written here', () => {
    const text = protoc('--decode', written(createProtobufCodec(), example)).toString();
    expect(text).toBe(exampleText);
  });

  test('writes what is read here', () => {
    expect(read(createProtobufCodec(), protoc('--encode', exampleText))).toEqual(example);
  });
});

test('go-micro says "hi" in these bytes, as they were captured', () => {
  expect(written(createProtobufCodec(), { ...nothing, text: 'hi' }).toString('hex')).toBe('0a026869');
});

test('the bytes of docs/wire/protobuf.md', () => {
  const codec = createProtobufCodec();
  for (const [field, hex] of [
    [{ text: 'hi' }, '0a026869'],
    [{ whole: -5 }, '18fbffffffffffffffff01'],
    [{ at: new Date('1969-12-31T23:59:59.250Z') }, '6210' + '08ffffffffffffffffff01' + '1080e59a77'],
  ] as const) {
    expect(written(codec, { ...nothing, ...field }).toString('hex')).toBe(hex);
  }
});

const nothing: Sample = { text: '', flag: false, whole: 0, real: 0, texts: [], reals: [], list: [] };

const example = {
  ...nothing,
  text: 'Zoë',
  flag: true,
  whole: -5,
  real: 0.5,
  texts: ['a', ''],
  reals: [1, 2.5],
  list: [{ ...nothing, whole: 7 }],
  choice: 'dark green' as const,
  inner: nothing,
  entries: { one: { ...nothing, text: '1' } } as never,
  bytes: Uint8Array.of(1, 255),
  at: new Date('1969-12-31T23:59:59.250Z'),
  big: 9_007_199_254_740_993n,
};

const exampleText = `text: "Zo\\303\\253"
flag: true
whole: -5
real: 0.5
texts: "a"
texts: ""
reals: 1
reals: 2.5
list {
  whole: 7
}
choice: CHOICE_DARK_GREEN
inner {
}
entries {
  key: "one"
  value {
    text: "1"
  }
}
bytes: "\\001\\377"
at {
  seconds: -1
  nanos: 250000000
}
big: 9007199254740993
`;

function written(codec: Codec, value: unknown): Buffer {
  const sink = new BufferSink(1 << 26);
  codec.open().encoder(Sample)(value, sink);
  return sink.bytes();
}

function read(codec: Codec, bytes: Uint8Array): unknown {
  return codec.open().decoder(Sample)(bytes, 0, bytes.length);
}

/** Whole numbers have one zero on the wire, and fields that are `undefined` are not there. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value;
  const there = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    there.map(([key, one]) => [key, key === 'whole' ? (one as number) + 0 : withoutUndefined(one)]),
  );
}
