import { readFileSync } from 'node:fs';
import { codes } from '@tenon/contract';
import { expect, test } from 'vitest';
import { framingHeaders } from '../src/headers.js';
import { conversation } from './raw-peer.js';
import { serveStreams } from './stream-server.js';

const page = readFileSync(new URL('../../../docs/wire/http.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```http\n([\s\S]*?)```/g)].map(([, text]) => wire(text ?? ''));
const pairs = blocks.flatMap((block, index) =>
  index % 2 === 0 ? [[firstLine(block), block, blocks[index + 1]] as const] : [],
);

test('the page has its golden requests and replies', () => {
  expect(pairs.map(([name]) => name)).toEqual([
    'POST /greeter/Greeter.Hello HTTP/1.1',
    'GET /greeter/Greeter.Hello HTTP/1.1',
    'POST /greeter/Greeter.Nope HTTP/1.1',
    'POST /greeter/Greeter.Count HTTP/1.0',
    'POST /greeter/Greeter.Count HTTP/1.0',
    'POST / HTTP/1.1',
    'POST / HTTP/1.1',
  ]);
});

test.each(pairs)('%s is answered as the page says', async (_name, request, reply) => {
  await using server = await serveStreams();
  const text = await conversation(server.number, request);
  expect(Buffer.from(text.replace(/Date: .*\r\n/, ''), 'latin1').toString()).toBe(reply);
});

test('the frames on the page are those of the wire', async () => {
  const hex = /```hex\n([\s\S]*?)```/.exec(page)?.[1]?.replace(/\s/g, '');
  await using server = await serveStreams();
  const accept = 'Accept: application/vnd.tenon.stream; type="application/json"';
  const request = `POST /greeter/Greeter.Count HTTP/1.0\r\n${accept}\r\nContent-Length: 8\r\n\r\n{"to":1}`;
  const text = await conversation(server.number, request);
  expect(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').toString('hex')).toBe(hex);
});

test('the page lists each code with its status', () => {
  for (const [code, { httpStatus }] of Object.entries(codes)) {
    expect(page).toMatch(new RegExp(`\\| ${httpStatus} \\|[^|]*\`${code}\``));
  }
});

test('the page lists the framing fields', () => {
  const section = page.slice(page.indexOf('## Framing fields'), page.indexOf('## mucp'));
  const { names, prefixes, exceptions } = framingHeaders;
  for (const name of [...names, ...prefixes, ...exceptions]) expect(section).toContain(`\`${name}\``);
});

/** A block as it goes over the wire: the head in CRLF, the body without the line feed that ends the block. */
function wire(block: string): string {
  const [head = '', ...body] = block.split('\n\n');
  return `${head.trimEnd().replaceAll('\n', '\r\n')}\r\n\r\n${body.join('\n\n').replace(/\n$/, '')}`;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n'));
}
