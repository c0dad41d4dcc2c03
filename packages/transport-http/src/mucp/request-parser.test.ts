import { ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MucpMessage, RequestParser } from './request-parser.js';

const limits = { maxHeadBytes: 2_048, maxBodyBytes: 10_000 };
const opening = 'POST / HTTP/1.1\r\nHost: a\r\nMicro-Stream: 1\r\nContent-Length: 2\r\n\r\n{}';
const chunked =
  'POST / HTTP/1.1\r\nMicro-Stream: 1\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\n{"a":\r\n2\r\n1}\r\n0\r\nTrailer: x\r\n\r\n';
const endOfStream = 'POST / HTTP/1.1\r\nMicro-Error: EOS\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';

test('requests that follow each other are read one by one, with bodies by length and in chunks', () => {
  const read = messagesOf([opening + chunked + endOfStream]);
  expect(read.map(({ body }) => body.toString())).toEqual(['{}', '{"a":1}', '']);
  expect(read[2]?.fields.micro('error')).toBe('EOS');
});

test('however the bytes are cut, the same is read', () => {
  const text = opening + chunked + opening + endOfStream;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 12 }), (cuts) => {
      const edges = [0, ...[...new Set(cuts)].sort((a, b) => a - b), text.length];
      const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
      expect(messagesOf(pieces).map(({ body }) => body.toString())).toEqual(['{}', '{"a":1}', '{}', '']);
    }),
    { numRuns: 300 },
  );
});

test('a body that comes byte by byte takes linear time and one buffer', () => {
  const length = 200_000;
  const parser = new RequestParser(() => {}, { ...limits, maxBodyBytes: length });
  parser.read(Buffer.from(`POST / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`));
  const byte = Buffer.from('x');
  for (let sent = 0; sent < length; sent += 1) parser.read(byte);
  expect(parser.amidst).toBe(false);
});

test('100,000 small requests in one chunk are read without recursion', () => {
  const one = Buffer.from('POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
  let count = 0;
  const parser = new RequestParser(() => {
    count += 1;
  }, limits);
  parser.read(Buffer.concat(Array.from({ length: 100_000 }, () => one)));
  expect(count).toBe(100_000);
});

describe('what could be read in two ways is refused', () => {
  test.each([
    ['a length and chunks', 'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc'],
    ['two equal lengths', 'POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc'],
    ['a length with a sign', 'POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc'],
    ['a hexadecimal length', 'POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc'],
    ['a length that is too long', `POST / HTTP/1.1\r\nContent-Length: ${'9'.repeat(20)}\r\n\r\n`],
    ['another transfer encoding', 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'an encoding twice',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a line that is folded', 'POST / HTTP/1.1\r\nA: b\r\n c\r\n\r\n'],
    ['a bare line feed in the head', 'POST / HTTP/1.1\r\nA: b\nContent-Length: 3\r\n\r\nabc'],
    ['a bare carriage return', 'POST / HTTP/1.1\r\nA: b\rC: d\r\n\r\n'],
    ['a zero byte', 'POST / HTTP/1.1\r\nA: b\u0000\r\n\r\n'],
    ['a space before the colon', 'POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc'],
    ['a field without a name', 'POST / HTTP/1.1\r\n: 3\r\n\r\n'],
    ['a chunk size without digits', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n'],
    ['a chunk size that is too long', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n'],
    ['a negative chunk size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n'],
    ['a chunk line that ends in a line feed', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n'],
    ['an endless chunk line', `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2_000)}`],
    ['no HTTP', 'HELLO\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a second request line', 'POST / HTTP/1.1 HTTP/1.1\r\n\r\n'],
  ])('%s', (_name, text) => {
    expect(failureOf(text)).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  });
});

describe('what is too much is refused before there is room for it', () => {
  test.each([
    ['a head', `POST / HTTP/1.1\r\nA: ${'x'.repeat(3_000)}\r\n\r\n`],
    ['a head that never ends', 'x'.repeat(3_000)],
    ['a length', 'POST / HTTP/1.1\r\nContent-Length: 999999999999999\r\n\r\n'],
    ['a chunk', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n'],
    [
      'chunks together',
      `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${`1f40\r\n${'x'.repeat(8_000)}\r\n`.repeat(2)}`,
    ],
  ])('%s', (_name, text) => {
    expect(failureOf(text)).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
  });
});

test('random and damaged bytes are refused or are requests, and never another error', () => {
  fc.assert(
    fc.property(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 6 }), (at, bytes) => {
      const damaged = Buffer.from(opening + chunked + endOfStream, 'latin1');
      damaged.set(bytes.subarray(0, damaged.length - (at % damaged.length)), at % damaged.length);
      try {
        messagesOf([damaged.toString('latin1')]);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ServiceError);
      }
    }),
    { numRuns: 3_000 },
  );
});

function messagesOf(pieces: readonly string[]): readonly MucpMessage[] {
  const read: MucpMessage[] = [];
  const parser = new RequestParser((message) => read.push(message), limits);
  for (const piece of pieces) parser.read(Buffer.from(piece, 'latin1'));
  return read;
}

function failureOf(text: string): unknown {
  try {
    messagesOf([text]);
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was refused');
}
