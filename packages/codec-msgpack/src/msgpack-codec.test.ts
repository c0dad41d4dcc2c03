import { type Codec, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { type MsgpackCodecOptions, msgpackCodec } from './msgpack-codec.js';

const create = (options?: MsgpackCodecOptions): Codec => (msgpackCodec(options).create as () => Codec)();

test('the provider makes a codec of its own each time, which says what it is', () => {
  expect(create()).not.toBe(create());
  const { contentType, aliases, capabilities } = create();
  expect([contentType, ...aliases]).toEqual([
    'application/msgpack',
    'application/x-msgpack',
    'application/vnd.msgpack',
  ]);
  expect(capabilities).toEqual({ bytes: true, dates: true, bigints: true, nonFinite: true });
});

test('connections share one session, since nothing is kept between values', () => {
  const codec = create();
  expect(codec.open()).toBe(codec.open());
});

test.each<[MsgpackCodecOptions, string]>([
  [{ maxDepth: 0 }, 'msgpackCodec.maxDepth is 0; it must be a whole number from 1 to 512'],
  [{ maxDepth: 513 }, 'msgpackCodec.maxDepth is 513; it must be a whole number from 1 to 512'],
  [{ maxElements: 0.5 }, 'msgpackCodec.maxElements is 0.5; it must be a whole number from 1 to 100000000'],
])('options %o are refused when the provider is made', (options, message) => {
  expect(() => msgpackCodec(options)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', rawMessage: message }) as ServiceError,
  );
});

test('the documented defaults are those in force', () => {
  const decode = create().open().decoder();
  const nested = (levels: number): Buffer => Buffer.concat([Buffer.alloc(levels, 0x91), Buffer.from([0xc0])]);
  const flat = (elements: number): Buffer => {
    const bytes = Buffer.alloc(5 + elements, 0xc0);
    bytes[0] = 0xdd;
    bytes.writeUInt32BE(elements, 1);
    return bytes;
  };
  decode(nested(64), 0, 65);
  expect(() => decode(nested(65), 0, 66)).toThrow(/nesting of more than 64/);
  decode(flat(999_999), 0, 1_000_004);
  expect(() => decode(flat(1_000_000), 0, 1_000_005)).toThrow(/more than 1000000 values/);
});
