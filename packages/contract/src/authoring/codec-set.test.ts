import { expect, test } from 'vitest';
import type { Codec } from '../codec.js';
import { CodecSet } from './codec-set.js';

const codec = (contentType: string, aliases: readonly string[] = [], decoded = contentType): Codec => ({
  contentType,
  aliases,
  capabilities: { bytes: false, dates: false, bigints: false, nonFinite: false },
  open: () => ({ encoder: () => () => {}, decoder: () => () => decoded }),
});

test('content types stand in order of binding, aliases left out', () => {
  const set = new CodecSet([codec('a/a', ['a/x']), codec('b/b'), codec('a/a', [], 'newer')]);
  expect(set.contentTypes).toEqual(['b/b', 'a/a']);
  expect(set.of('a/a').decode(new Uint8Array())).toBe('newer');
});

test('an alias leads to its codec, unless it is the content type of another', () => {
  const set = new CodecSet([codec('a/a', ['b/b', 'a/x']), codec('b/b')]);
  expect(set.of('A/X; charset=utf-8').contentType).toBe('a/a');
  expect(set.of('b/b').contentType).toBe('b/b');
});

test('an unknown content type is named with those that are bound', () => {
  expect(() => new CodecSet([codec('a/a')]).of('z/z')).toThrow(/"z\/z"; bound are a\/a/);
});
