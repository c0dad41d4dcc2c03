import type { Codec } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { bytesCodec } from './bytes-codec.js';

const codec = new CodecSet([(bytesCodec().create as () => Codec)()]).of('application/octet-stream');

test('bytes are themselves, and are read as a Buffer of their own', () => {
  expect(codec.encode(Uint8Array.of(0, 255, 7))).toEqual(Buffer.from([0, 255, 7]));
  const read = codec.decode(Uint8Array.of(1, 2));
  expect(Buffer.isBuffer(read)).toBe(true);
  expect(read).toEqual(Buffer.from([1, 2]));
});

test.each([
  ['a text', 'a', 'a value of type string'],
  ['an array of numbers', [1, 2], 'an array'],
  ['other memory', new ArrayBuffer(2), 'a value of type object'],
])('%s is refused, and the error says what came', (_what, value, said) => {
  expect(() => codec.encode(value)).toThrow(said);
});
