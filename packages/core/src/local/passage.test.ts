import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type { Codec, Provider } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { passageOf } from './passage.js';

const made = (codec: Provider<Codec>): Codec => (codec.create as () => Codec)();
const codecs = [made(jsonCodec()), made(msgpackCodec())];
const value = Object.freeze({ name: 'Ada', at: new Date(7), gone: undefined });

describe('a value', () => {
  test('passes by codec as over a wire: in the content type of the call', () => {
    const pass = passageOf('codec', codecs);
    expect(pass(value, undefined, 'application/json')).toEqual({ name: 'Ada', at: '1970-01-01T00:00:00.007Z' });
  });

  test('passes by the codec that wires between Tenon nodes use, where the call names none; else by the first', () => {
    expect(passageOf('codec', codecs)(value, undefined, undefined)).toMatchObject({ name: 'Ada', at: new Date(7) });
    expect(passageOf('codec', codecs.slice(0, 1))(value, undefined, undefined)).toMatchObject({
      at: '1970-01-01T00:00:00.007Z',
    });
  });

  test('passes as a copy of its own', () => {
    const copy = passageOf('copy', [])(value, undefined, undefined);
    expect(copy).toEqual(value);
    expect(copy).not.toBe(value);
  });

  test('passes as it is, by reference', () => {
    expect(passageOf('reference', [])(value, undefined, undefined)).toBe(value);
  });
});

test.each([
  ['copied', 'copy', () => {}],
  ['encoded', 'codec', { odd: () => {} }],
] as const)('one that cannot be %s is refused before anything ran', async (_how, values, odd) => {
  const pass = passageOf(values, codecs);
  expect(await failureOf(() => pass(odd, undefined, 'application/json'))).toMatchObject({
    code: 'InvalidArgument',
    executed: 'no',
  });
});
