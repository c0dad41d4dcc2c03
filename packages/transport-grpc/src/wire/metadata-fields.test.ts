import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { callMetadata } from '@tenon/contract';
import { expect, test } from 'vitest';
import { seeded } from '../../test/seeded.js';
import { addMetadata, metadataOf } from './metadata-fields.js';

function sent(metadata: Readonly<Record<string, string>>): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  addMetadata(fields, metadata);
  return fields;
}

test.each<Readonly<Record<string, string>>>([
  { 'x-plain': 'a b', 'x-empty': '' },
  { 'x-unicode': 'Zoë · 🙂', 'x-padded': '  two ', 'x-tab': 'a\tb' },
  { "x-!#$%&'*+^`|~": 'token', constructor: 'data' },
  { [callMetadata.attempt]: '2', [callMetadata.priority]: 'bulk' },
  { 'trace-bin': 'q6ur', 'other-bin': 'qw==' },
])('%j travels', (metadata) => {
  expect({ ...metadataOf(sent(metadata) as IncomingHttpHeaders) }).toEqual(metadata);
});

test('what goes out is ASCII in names that gRPC knows', () => {
  const fields = sent({ 'x-unicode': 'Zoë', 'x-plain': 'a', 'X-*': 'b', 'x-bin': 'qw==' });
  expect(fields).toEqual({
    'x-plain': 'a',
    'x-bin': 'qw',
    'tenon-metadata-bin': Buffer.from('{"x-unicode":"Zoë","x-*":"b"}').toString('base64url'),
  });
});

test.each([
  ['qw', 'qw=='],
  ['qw==', 'qw=='],
  ['q6s', 'q6s='],
  ['q6ur', 'q6ur'],
  ['', ''],
  ['qw, q6s=', 'qw==,q6s='],
])('bytes that came as %j are read as %j', (given, expected) => {
  expect(metadataOf({ 'x-bin': given })['x-bin']).toBe(expected);
});

test.each([
  ['a value that could split a header', { a: 'x\r\ny: z' }],
  ['NUL', { a: 'x\0' }],
  ['a name that is no token', { 'a b': 'x' }],
  ['a name with a line end', { 'a\r\nb': 'x' }],
  ["one of gRPC's own names", { 'grpc-status': '0' }],
  ["one of HTTP/2's own names", { te: 'x' }],
  ['a pseudo field', { ':path': '/x' }],
  ["one of this transport's own names", { 'tenon-node': 'x' }],
  ['bytes that are not base64', { 'x-bin': 'not base64!' }],
])('%s is refused before it is sent', (_what, metadata) => {
  expect(() => sent(metadata as Record<string, string>)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }),
  );
});

test('10,000 made-up values never split a field nor reach a prototype', () => {
  const next = seeded(36);
  for (let turn = 0; turn < 10_000; turn += 1) {
    const text = String.fromCharCode(...Array.from({ length: next(12) }, () => next(400)));
    const name = ['x', '__proto__', 'constructor', 'x-bin', text][next(5)] ?? '';
    try {
      const fields = sent({ [name]: text });
      for (const value of Object.values(fields)) expect(value).toMatch(/^[\x20-\x7e]*$/);
    } catch (error) {
      expect(error).toMatchObject({ code: 'InvalidArgument' });
    }
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test.each([
  ['base64 that is none', { 'x-bin': '***' }, 'InvalidArgument'],
  ['a rest that is no JSON', { 'tenon-metadata-bin': 'e30x' }, 'InvalidArgument'],
  ['a rest that is a list', { 'tenon-metadata-bin': Buffer.from('["a"]').toString('base64') }, 'InvalidArgument'],
  ['a rest with numbers', { 'tenon-metadata-bin': Buffer.from('{"a":1}').toString('base64') }, 'InvalidArgument'],
  ['too many', Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`x-${n}`, 'v'])), 'ResourceExhausted'],
  ['too much', { 'x-long': 'v'.repeat(9_000) }, 'ResourceExhausted'],
])('%s is refused where it arrives', (_what, headers, code) => {
  expect(() => metadataOf(headers as IncomingHttpHeaders)).toThrow(expect.objectContaining({ code, executed: 'no' }));
});

test('a key named __proto__ is data', () => {
  const rest = Buffer.from('{"__proto__":"x"}').toString('base64');
  const metadata = metadataOf({ 'tenon-metadata-bin': rest });
  expect(Object.getPrototypeOf(metadata)).toBe(null);
  expect(Object.keys(metadata)).toEqual(['__proto__']);
});

test('what belongs to HTTP/2 and gRPC is no metadata', () => {
  const headers = { ':path': '/a/b', te: 'trailers', 'grpc-timeout': '1S', 'user-agent': 'x', 'content-type': 'y' };
  expect(Object.keys(metadataOf(headers))).toEqual([]);
});
