import type { Codec } from '@tenon/contract';
import { CodecSet, type OpenCodec } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { type Body, BodyEncoder } from './body-encoder.js';

/** Writes text as UTF-8, and calls what is a function. */
const textCodec: Codec = {
  contentType: 'text/x',
  aliases: [],
  capabilities: { bytes: false, dates: false, bigints: false, nonFinite: false },
  open: () => ({
    encoder: () => (value, sink) => {
      const text = String(typeof value === 'function' ? value() : value);
      sink.ensure(Buffer.byteLength(text));
      sink.position += sink.buffer.write(text, sink.position);
    },
    decoder: () => () => undefined,
  }),
};

function encoding(maxBytes = 1_000_000): (value: unknown) => Body {
  const set = new CodecSet([textCodec]);
  const encoder = new BodyEncoder([textCodec], set, maxBytes);
  const codec: OpenCodec = set.of('text/x');
  return (value) => encoder.encode(codec, value, undefined);
}

const bytesOf = (body: Body): string => (typeof body === 'string' ? Buffer.from(body, 'latin1') : body).toString();

test('a small body is text with a byte in each character, a larger one bytes; both have their length', () => {
  const encode = encoding();
  const small = encode('Zoë 🙂');
  expect([typeof small, small.length, bytesOf(small)]).toEqual(['string', 9, 'Zoë 🙂']);
  const large = encode('ë'.repeat(5_000));
  expect([typeof large, large.length, bytesOf(large)]).toEqual(['object', 10_000, 'ë'.repeat(5_000)]);
});

test('bodies do not share memory, whatever their sizes', () => {
  const encode = encoding();
  const texts = [10, 5_000, 70_000, 5_000, 200_000, 10, 4_096, 4_097].map((size, i) => String(i).repeat(size));
  const bodies = texts.map(encode);
  expect(bodies.map(bytesOf)).toEqual(texts);
});

test('encoding while encoding works, and an error leaves nothing behind', () => {
  const encode = encoding();
  expect(bytesOf(encode(() => `outer ${bytesOf(encode('inner'))}`))).toBe('outer inner');
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => encode(fail)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
  expect(encode('after')).toBe('after');
});

test('a body over the limit is refused', () => {
  const encode = encoding(10);
  expect(encode('x'.repeat(10))).toHaveLength(10);
  expect(() => encode('x'.repeat(11))).toThrow(expect.objectContaining({ code: 'ResourceExhausted', executed: 'no' }));
});
