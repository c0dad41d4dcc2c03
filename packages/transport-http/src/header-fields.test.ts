import { expect, test } from 'vitest';
import { HeaderFields } from './header-fields.js';

test('known fields are found whatever their case, and no metadata', () => {
  const fields = HeaderFields.ofRaw([
    ...['Content-Type', 'a/b', 'ACCEPT', 'c/d', 'tenon-timeout-ms', '5', 'Tenon-Node', 'n', 'Timeout', '7'],
    ...['Content-Length', '3', 'Host', 'h', 'Connection', 'close', 'Keep-Alive', 'timeout=5', 'Last-Event-ID', '0'],
    ...['Content-Encoding', 'gzip', 'Transfer-Encoding', 'chunked', 'User-Agent', 'u', 'Content-MD5', 'x'],
  ]);
  expect(fields).toMatchObject({
    ...{ contentType: 'a/b', accept: 'c/d', timeLeft: '5', node: 'n', timeout: '7', contentLength: '3' },
    ...{ connection: 'close', keepAlive: 'timeout=5', lastEventId: '0', contentEncoding: 'gzip' },
    transferEncoding: 'chunked',
  });
  expect(fields.hasMicro).toBe(false);
  expect({ ...fields.metadata() }).toEqual({});
});

test('of two content types the first counts; any other field that comes twice is one value', () => {
  const fields = HeaderFields.ofRaw(['Content-Type', 'a', 'content-type', 'b', 'Accept', 'c', 'accept', 'd']);
  expect([fields.contentType, fields.accept]).toEqual(['a', 'c, d']);
});

test("go-micro's fields are found in both spellings, the newer one first", () => {
  const fields = HeaderFields.ofRaw(['X-Micro-Endpoint', 'old', 'Micro-Endpoint', 'new', 'X-Micro-Service', 's']);
  expect([fields.micro('endpoint'), fields.micro('service'), fields.micro('topic')]).toEqual(['new', 's', undefined]);
  expect(fields.hasMicro).toBe(true);
});

test('of HTTP/2, pseudo fields are none, and lists are one value', () => {
  const fields = HeaderFields.ofHttp2({ ':path': '/', ':method': 'POST', 'x-a': 'b', 'set-cookie': ['1', '2'] });
  expect({ ...fields.metadata() }).toEqual({ 'x-a': 'b', 'set-cookie': '1, 2' });
});

test('where a web page comes from is known, and metadata too', () => {
  const fields = HeaderFields.ofRaw(['Origin', 'https://a.example']);
  expect(fields.origin).toBe('https://a.example');
  expect({ ...fields.metadata() }).toEqual({ origin: 'https://a.example' });
});
