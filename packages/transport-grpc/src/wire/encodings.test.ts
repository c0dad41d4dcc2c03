import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { accepts, compress, decompress, encodingOf } from './encodings.js';

const text = Buffer.from('Zoë '.repeat(100));

test.each(['gzip', 'deflate'] as const)('%s travels', (encoding) => {
  const compressed = compress(text, encoding);
  expect(compressed.length).toBeLessThan(text.length);
  expect(decompress(compressed, encoding, text.length)).toEqual(text);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const)('a bomb of %s is refused before it is inflated whole', (encoding, pack) => {
  const bomb = pack(Buffer.alloc(256 * 1_024 * 1_024));
  const before = process.memoryUsage().rss;
  expect(() => decompress(bomb, encoding, 1_024 * 1_024)).toThrow(
    expect.objectContaining({ code: 'ResourceExhausted' }),
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_024 * 1_024);
});

test.each([
  ['bytes that are not compressed', Buffer.from('plain'), 'gzip'],
  ['a part', compress(text, 'gzip').subarray(0, 20), 'gzip'],
  ['nothing', Buffer.alloc(0), 'deflate'],
  ['the other encoding', compress(text, 'gzip'), 'deflate'],
  ['a message without an encoding', text, 'identity'],
] as const)('%s is Internal', (_what, bytes, encoding) => {
  expect(() => decompress(bytes, encoding, 10_000)).toThrow(expect.objectContaining({ code: 'Internal' }));
});

test('two layers are not undone', () => {
  const twice = compress(compress(text, 'gzip'), 'gzip');
  expect(decompress(twice, 'gzip', 10_000)).toEqual(compress(text, 'gzip'));
});

test('an encoding that is not known is Unimplemented, and the known ones are named', () => {
  expect(encodingOf(undefined)).toBe('identity');
  expect(() => encodingOf('br')).toThrow(
    expect.objectContaining({ code: 'Unimplemented', message: expect.stringContaining('identity,deflate,gzip') }),
  );
});

test.each([
  [undefined, 'identity', true],
  [undefined, 'gzip', false],
  ['identity, gzip', 'gzip', true],
  ['gzipped', 'gzip', false],
] as const)('%s accepts %s: %s', (accepted, encoding, expected) => {
  expect(accepts(accepted, encoding)).toBe(expected);
});
