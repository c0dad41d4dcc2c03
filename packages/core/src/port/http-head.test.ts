import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { httpHead } from './http-head.js';

const limits = { maxHeaderBytes: 1_024, maxHeaders: 4 };
const read = (text: string): ReturnType<typeof httpHead> => httpHead(Buffer.from(text, 'latin1'), limits);

test('a head is method, path and fields in lower case, repeated ones joined', () => {
  const head = read('POST /a?b=c HTTP/1.1\r\nHost: a\r\nMicro-Id:  1 \r\nX-A: 1\r\nx-a:2\r\n\r\nbody');
  expect(head).toEqual({ method: 'POST', path: '/a?b=c', headers: { host: 'a', 'micro-id': '1', 'x-a': '1, 2' } });
});

test('names of fields that objects have of themselves are fields like others', () => {
  const head = read('GET / HTTP/1.1\r\n__proto__: 1\r\nconstructor: 2\r\n\r\n');
  expect(typeof head === 'object' && Object.entries(head.headers)).toEqual([
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
  expect(typeof head === 'object' && head.headers['toString']).toBeUndefined();
});

test('until its end has come, whatever may become a head is waited for', () => {
  const whole = 'GET / HTTP/1.1\r\nHost: a\r\nX: \u00e9\tb\r\n\r\n';
  for (let length = 1; length < whole.length; length += 1) expect(read(whole.slice(0, length))).toBeUndefined();
  expect(read(whole)).toMatchObject({ method: 'GET' });
});

test.each([
  ['a bare line feed', 'GET / HTTP/1.1\nHost: a\r\n'],
  ['a control character', 'GET / HTTP/1.1\r\nX: \u0001'],
  ['a NUL', 'GET / HTTP/1.1\r\nX: \u0000'],
  ['a delete', 'GET / HTTP/1.1\r\nX: \u007f'],
  ['no letter at the beginning', '\r\nGET / HTTP/1.1\r\n'],
  ['no letter at all', '\u00ff'],
  ['more than the limit', `GET / HTTP/1.1\r\nX: ${'x'.repeat(1_024)}`],
])('%s is known for none before its end', (_what, text) => {
  expect(read(text)).toBe('unclear');
});

test.each([
  ['two lengths', 'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1'],
  ['a length and chunks', 'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked'],
  ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b'],
  ['a folded field', 'GET / HTTP/1.1\r\nX: a\r\n b'],
  ['white space before the colon', 'GET / HTTP/1.1\r\nX : a'],
  ['a field without a colon', 'GET / HTTP/1.1\r\nX'],
  ['a carriage return in a field', 'GET / HTTP/1.1\r\nX: a\rb'],
  ['more fields than the limit', `GET / HTTP/1.1${'\r\nX: a'.repeat(5)}`],
  ['another version', 'GET / HTTP/2.0\r\nX: a'],
  ['white space in the path', 'GET /a b HTTP/1.1\r\nX: a'],
  ['a byte beyond ASCII in the path', 'GET /\u00e9 HTTP/1.1\r\nX: a'],
  ['a method that is none', 'G<T / HTTP/1.1\r\nX: a'],
])('%s leaves the head to the HTTP server', (_what, text) => {
  expect(read(`${text}\r\n\r\n`)).toBe('unclear');
});
