import { expect, test } from 'vitest';
import { HeaderFields } from './header-fields.js';
import { addMetadata, type FieldPairs, framingHeaders, fromWire, isFraming, toWire } from './headers.js';

test('text in any script crosses as its UTF-8 bytes', () => {
  for (const text of ['plain', 'Zoë', '日本語', '🙂', '\u0080']) {
    expect([...toWire(text)].every((character) => character <= '\u00ff')).toBe(true);
    expect(fromWire(toWire(text))).toBe(text);
  }
});

test('bytes that are no UTF-8 are read as latin1', () => {
  expect(fromWire('Zo\u00eb')).toBe('Zoë');
});

test('the framing list cannot be changed, and covers its prefixes', () => {
  expect(Object.isFrozen(framingHeaders) && Object.isFrozen(framingHeaders.names)).toBe(true);
  expect(
    ['content-length', 'accept', 'accept-language', 'micro-id', 'x-micro-id', 'tenon-x', 'te'].every(isFraming),
  ).toBe(true);
  expect(framingHeaders.exceptions.some(isFraming)).toBe(false);
  expect(['authorization', 'x-request-id', 'traceparent', 'constructor', 'cookie', 'tea'].some(isFraming)).toBe(false);
});

test('values that HTTP would strip are encoded under their own name, or refused', () => {
  const fields: FieldPairs = [];
  addMetadata(fields, { a: ' x', b: 'y\t', c: 'z' }, 'encode');
  expect(fields).toEqual(['a', '%20x', 'b', 'y%09', 'c', 'z', 'tenon-encoded', 'a,b']);
  expect({ ...HeaderFields.ofRaw(fields).metadata() }).toEqual({ a: ' x', b: 'y\t', c: 'z' });
  expect(() => addMetadata([], { a: ' x' }, 'refuse')).toThrow(/white space/);
});

test.each([
  [{ 'Content-Length': '1' }, /header field of HTTP itself/],
  [{ a: 'x\r\ny: z' }, /control characters/],
  [{ 'a b': 'x' }, /HTTP token/],
  [{ a: '\ud800' }, /half of a character/],
  [{ a: ' \ud800' }, /half of a character/],
])('%j is refused', (metadata, message) => {
  expect(() => addMetadata([], metadata as Record<string, string>, 'encode')).toThrow(message);
});

test('an encoding that names no field, or a framing field, changes nothing', () => {
  const raw = ['tenon-encoded', 'content-length, b, __proto__', 'content-length', '1', 'a', '%41'];
  expect({ ...HeaderFields.ofRaw(raw).metadata() }).toEqual({ a: '%41' });
});
