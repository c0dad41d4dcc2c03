import type { Codec } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { textCodec } from './text-codec.js';

const codec = new CodecSet([(textCodec().create as () => Codec)()]).of('text/plain; charset=utf-8');

test('text is its own bytes, and stays text that looks like something else', () => {
  expect(codec.encode('Zoë')).toEqual(Buffer.from('Zoë'));
  expect(codec.decode(Buffer.from('{"a":1}'))).toBe('{"a":1}');
});

test.each([
  ['a record', { a: 1 }, 'a value of type object'],
  ['an array', [], 'an array'],
  ['null', null, 'null'],
  ['half of a character', '\ud800', 'half of a character'],
])('%s is refused, and the error says what came', (_what, value, said) => {
  expect(() => codec.encode(value)).toThrow(said);
});

test.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]]])('bytes that are not UTF-8 are refused: %o', (bytes) => {
  expect(() => codec.decode(Uint8Array.from(bytes))).toThrow('not valid UTF-8');
});
