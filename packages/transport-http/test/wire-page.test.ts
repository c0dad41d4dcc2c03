import { readFileSync } from 'node:fs';
import { codes } from '@tenon/contract';
import { expect, test } from 'vitest';
import { framingHeaders } from '../src/headers.js';
import { conversation } from './raw-peer.js';
import { serveStreams } from './stream-server.js';

const page = textOf('wire/http.md');
const pairs = [...pairsOf(page), ...pairsOf(textOf('wire/mucp.md')), ...pairsOf(textOf('json-rpc.md'))];

test('the pages have their golden requests and replies', () => {
  expect(pairs.map(([name]) => name)).toEqual([
    'POST /greeter/Greeter.Hello HTTP/1.1',
    'GET /greeter/Greeter.Hello HTTP/1.1',
    'POST /greeter/Greeter.Nope HTTP/1.1',
    'POST /greeter/Greeter.Count HTTP/1.0',
    'POST /greeter/Greeter.Count HTTP/1.0',
    'POST / HTTP/1.1',
    'POST / HTTP/1.1',
    'POST / HTTP/1.1',
    'POST /rpc HTTP/1.1',
    'POST /rpc HTTP/1.1',
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
  const section = page.slice(page.indexOf('## Framing fields'));
  const { names, prefixes, exceptions } = framingHeaders;
  for (const name of [...names, ...prefixes, ...exceptions]) expect(section).toContain(`\`${name}\``);
});

function textOf(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}

/** The requests on a page, each with the reply that follows it. */
function pairsOf(text: string): readonly (readonly [name: string, request: string, reply: string | undefined])[] {
  const blocks = [...text.matchAll(/```(?:http|text)\n([\s\S]*?)```/g)].map(([, block]) => wire(block ?? ''));
  return blocks.flatMap((block, index) =>
    index % 2 === 0 ? [[firstLine(block), block, blocks[index + 1]] as const] : [],
  );
}

/** A block as it goes over the wire: the head in CRLF, the body without the line feed that ends the block. */
function wire(block: string): string {
  const [head = '', ...body] = block.split('\n\n');
  return `${head.trimEnd().replaceAll('\n', '\r\n')}\r\n\r\n${body.join('\n\n').replace(/\n$/, '')}`;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n'));
}
