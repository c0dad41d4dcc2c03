import { describe, expect, test } from 'vitest';
import { ResponseParser } from './response-parser.js';

interface Read {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
  readonly reusable: boolean;
}

function parsing() {
  const all: Read[] = [];
  let status = 0;
  let type: string | undefined;
  let body = '';
  let whole = false;
  const parser = new ResponseParser({
    onHead: (code, fields) => {
      status = code;
      type = fields.contentType;
      body = '';
      whole = false;
    },
    onBody: (chunk, last) => {
      body += chunk.toString('latin1');
      whole = last;
    },
    onComplete: (reusable) => {
      if (!whole) throw new Error('complete without its last part');
      all.push({ status, type, body, reusable });
    },
  });
  return { parser, all };
}

function readAll(text: string, size = text.length): readonly Read[] {
  const { parser, all } = parsing();
  for (let start = 0; start < text.length; start += size) {
    parser.read(Buffer.from(text.slice(start, start + size), 'latin1'));
  }
  return all;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n';

test.each([1, 2, 3, 7, 1_000])('responses are read from chunks of %i bytes', (size) => {
  expect(readAll(ok, size)).toEqual([{ status: 200, type: 'text/x', body: 'hello', reusable: true }]);
  expect(readAll(chunked, size)).toEqual([{ status: 200, type: undefined, body: 'hello0123456789', reusable: true }]);
  expect(readAll(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n${ok}`, size)).toHaveLength(1);
});

test('one response after another, with the same head and with others', () => {
  const { parser, all } = parsing();
  for (const text of [ok, ok, chunked, ok]) parser.read(Buffer.from(text, 'latin1'));
  expect(all.map(({ body }) => body)).toEqual(['hello', 'hello', 'hello0123456789', 'hello']);
});

test.each([
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', true],
  ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n', true],
  ['length 0', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', true],
  ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
  ['something behind it', `${ok}x`, false],
  ['another response behind it', ok + ok, false],
  ['something behind its chunks', `${chunked}HTTP/1.1 200 OK\r\n\r\n`, false],
])('after a response with %s its connection can be used again: %s is %s', (_name, text, reusable) => {
  const all = readAll(text);
  expect(all).toHaveLength(1);
  expect(all[0]?.reusable).toBe(reusable);
});

test('a body without a length ends with the connection, which nothing else may', () => {
  const { parser, all } = parsing();
  parser.read(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel'));
  parser.read(Buffer.from('lo'));
  expect(all).toEqual([]);
  expect(parser.end()).toBe(true);
  expect(all).toEqual([{ status: 200, type: undefined, body: 'hello', reusable: false }]);
  for (const text of ['', ok.slice(0, 20), ok.slice(0, -1), chunked.slice(0, -2)]) {
    const cut = parsing();
    cut.parser.read(Buffer.from(text));
    expect([cut.parser.end(), cut.all]).toEqual([false, []]);
  }
});

test('white space at the edges of a value is not part of it, and a byte that looks like it is', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Type: \t à\xa0 \t\r\nContent-Length: 0\r\n\r\n';
  expect(readAll(text)[0]?.type).toBe('à\xa0');
});

describe('what could be read in two ways is refused:', () => {
  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n'],
    ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n'],
    ['a length in hexadecimal', 'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n'],
    ['a length without end', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(30)}\r\n\r\n`],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['another encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['chunked twice', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n'],
    ['a line feed alone', 'HTTP/1.1 200 OK\nX: 1\r\n\r\n'],
    ['a carriage return alone', 'HTTP/1.1 200 OK\r\nX: 1\r2\r\n\r\n'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nX: \0\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nX\r\n\r\n'],
    ['a line without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n'],
    ['a chunk of a negative size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n'],
    ['a chunk of a huge size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a size that ends in a line feed', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n'],
    ['an endless size line', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2_000)}`],
    ['endless trailers', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: 1\r\n'.repeat(20_000)}`],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(20_000)}`],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ])('%s', (_name, text) => {
    expect(() => readAll(text)).toThrow(expect.objectContaining({ name: 'ServiceError', executed: 'maybe' }));
    expect(() => readAll(text, 1)).toThrow(expect.objectContaining({ name: 'ServiceError', executed: 'maybe' }));
  });
});
