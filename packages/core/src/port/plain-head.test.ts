import { expect, test } from 'vitest';
import { type PlainHead, PlainHeads } from './plain-head.js';

const limits = { maxHeaderBytes: 1_500, maxHeaders: 6 };
const newHeads = (): PlainHeads => new PlainHeads(limits, 'x-left');
const plain = head('X-Left: 12.5', 'Content-Length: 7');

test('a plain head is its path and fields, with the length and the value that varies beside it', () => {
  const heads = newHeads();
  expect(heads.read(head('X-Left:  12.5', 'Content-Length: 7', 'X-A:\t\u00e9 b', 'x-a:'))).toMatchObject({
    path: '/a/B.c%20d',
    fields: ['host', 'a', 'x-a', '\u00e9 b', 'x-a', ''],
    close: false,
  });
  expect([heads.length, heads.varying]).toEqual([7, '12.5']);
});

test.each([
  ['Connection: close', true],
  ['connection: Keep-Alive', false],
])('%s is plain', (line, close) => {
  expect(newHeads().read(head(line, 'Content-Length: 0'))?.close).toBe(close);
});

const notPlain: readonly (readonly [what: string, text: string])[] = [
  ['another method', plain.replace('POST', 'PUT')],
  ['another version', plain.replace('1.1', '1.0')],
  ['a query', plain.replace('/a/', '/a?b/')],
  ['an absolute URL', plain.replace('/a/', 'http://a/')],
  ['two spaces', plain.replace('POST ', 'POST  ')],
  ['a line before it', `\r\n${plain}`],
  ['no host', plain.replace('Host', 'X-Host')],
  ['two hosts', head('Host: b', 'Content-Length: 7')],
  ['no length', head('X: 1')],
  ['two lengths', head('Content-Length: 7', 'content-length: 7')],
  ['a length with a sign', head('Content-Length: +7')],
  ['a length in hexadecimal', head('Content-Length: 0x7')],
  ['two lengths in one', head('Content-Length: 7, 7')],
  ['a length of ten digits', head('Content-Length: 1000000000')],
  ['an empty length', head('Content-Length: ')],
  ['a length and chunks', head('Content-Length: 7', 'Transfer-Encoding: chunked')],
  ['an expectation', head('Content-Length: 7', 'Expect: 100-continue')],
  ['an upgrade', head('Content-Length: 7', 'Connection: upgrade', 'Upgrade: h2c')],
  ['an upgrade without a word about it', head('Content-Length: 7', 'Upgrade: h2c')],
  ['a connection of two minds', head('Content-Length: 7', 'Connection: close', 'Connection: keep-alive')],
  ['a connection that names fields', head('Content-Length: 7', 'Connection: keep-alive, x-a')],
  ['a connection in another name', head('Content-Length: 7', 'Proxy-Connection: close')],
  ['a trailer', head('Content-Length: 7', 'Trailer: x-a')],
  ['two values that vary', head('Content-Length: 7', 'X-Left: 1', 'x-left: 2')],
  ['a varying value with a space in it', head('Content-Length: 7', 'X-Left: 1 2')],
  ['a varying value that is empty', head('Content-Length: 7', 'X-Left:')],
  ['white space before the colon', head('Content-Length : 7')],
  ['white space behind a value', head('Content-Length: 7', 'X-A: b ')],
  ['white space behind the length', head('Content-Length: 7 ')],
  ['a folded line', head('Content-Length: 7', 'X-A: b', ' c: d')],
  ['a line without a colon', head('Content-Length: 7', 'X-A')],
  ['a name of two words', head('Content-Length: 7', 'X A: b')],
  ['no name', head('Content-Length: 7', ': b')],
  ['a NUL', head('Content-Length: 7', 'X-A: b\u0000c')],
  ['a carriage return', head('Content-Length: 7', 'X-A: b\rc')],
  ['a line feed', head('Content-Length: 7', 'X-A: b\nTransfer-Encoding: chunked')],
  ['a line feed instead of an end of line', plain.replaceAll('\r\n', '\n')],
  ['more lines than the limit', head('Content-Length: 7', ...Array.from({ length: 5 }, (_, i) => `X-${i}: 1`))],
  ['more bytes than the limit', head('Content-Length: 7', `X-A: ${'b'.repeat(1_500)}`)],
];

test.each(notPlain)('%s is not plain, as a first head and behind one that was', (_what, text) => {
  expect(newHeads().read(text)).toBeUndefined();
  const heads = newHeads();
  expect(heads.read(plain)).toBeDefined();
  expect(heads.read(text)).toBeUndefined();
});

test('a head that differs in the two values alone is the same object, with its own values', () => {
  const heads = newHeads();
  const known = heads.read(plain) as PlainHead;
  for (const [left, length] of [
    ['1', '0'],
    ['19999.999', '123456789'],
    ['soon!', '007'],
  ] as const) {
    expect(heads.read(plain.replace('12.5', left).replace(': 7', `: ${length}`))).toBe(known);
    expect([heads.varying, heads.length]).toEqual([left, Number(length)]);
  }
});

test('whatever else differs is read anew, and so is the same without the value that varies', () => {
  for (const other of [
    plain.replace('/a/', '/b/'),
    plain.replace('Host: a', 'Host: b'),
    plain.replace('X-Left', 'x-left'),
    plain.replace('\r\nX-Left: 12.5', ''),
    `${plain}X-A: b\r\n`,
    head('Content-Length: 7', 'X-Left: 12.5'),
  ]) {
    const heads = newHeads();
    const known = heads.read(plain);
    const read = heads.read(other);
    expect(read, other).not.toBe(known);
    expect(read, other).toEqual(newHeads().read(other));
    expect(heads.varying).toBe(/x-left/i.test(other) ? '12.5' : undefined);
  }
});

test('any two heads are read alike, whether one was known before or not', () => {
  const lines = ['X-Left: 1', 'x-left:2', 'Content-Length: 7', 'content-length: 70', 'X-A: b', 'Connection: close'];
  const texts = lines.flatMap((one) => lines.flatMap((two) => lines.map((three) => head(one, two, three))));
  const heads = newHeads();
  for (const [index, text] of texts.entries()) {
    const before = texts[(index * 7 + 3) % texts.length] ?? '';
    heads.read(before);
    const fresh = newHeads();
    expect(heads.read(text), `${before} then ${text}`).toEqual(fresh.read(text));
    if (fresh.read(text) !== undefined) expect([heads.length, heads.varying]).toEqual([fresh.length, fresh.varying]);
  }
});

test('a head that is large is read and not kept', () => {
  const heads = newHeads();
  const large = head('Content-Length: 7', `X-A: ${'b'.repeat(1_200)}`);
  const first = heads.read(large);
  expect(first?.path).toBe('/a/B.c%20d');
  expect(heads.read(large)).not.toBe(first);
});

function head(...lines: readonly string[]): string {
  return ['POST /a/B.c%20d HTTP/1.1', 'Host: a', ...lines, ''].join('\r\n');
}
