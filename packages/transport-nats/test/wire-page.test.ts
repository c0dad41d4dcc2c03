import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { frameTypes, partsOf } from '../src/frame.js';
import { costOf, windowBytes } from '../src/stream/window.js';
import { Stage } from './stage.js';

const page = readFileSync(new URL('../../../docs/wire/nats-transport.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```hex\n([\s\S]*?)```/g)].map(([, text]) => (text ?? '').replace(/\s/g, ''));
const pairs = blocks.flatMap((sent, index) => (index % 2 === 0 ? [[sent, blocks[index + 1]] as const] : []));
const stage = new Stage();

afterEach(() => stage.end());

test('the page lists every type of frame by its number', () => {
  const listed = [...page.matchAll(/^\| (\d+) \| ([A-Z]+) \| (?:both|caller|node) \|/gm)];
  const byName = Object.fromEntries(listed.map(([, number, name]) => [name?.toLowerCase(), Number(number)]));
  expect(byName).toEqual(frameTypes);
});

test('a node answers the golden bytes of the page by those of the page', async () => {
  expect(pairs).toHaveLength(3);
  const server = await stage.server();
  const node = await stage.node(server);
  const stranger = await stage.stranger(server);
  for (const [index, [sent, wanted]] of pairs.entries()) {
    const token = Buffer.from(sent, 'hex')[1] === frameTypes.ping ? 'p' : `${index}o`;
    const answers = stranger.subscribe(`_INBOX.golden.1.${token.replace('o', '')}`, { max: 1 });
    stranger.publish(node.listener.address.slice('nats:'.length), Buffer.from(sent, 'hex'), {
      reply: `_INBOX.golden.1.${token}`,
    });
    for await (const { data } of answers) expect(Buffer.from(data).toString('hex')).toBe(wanted);
  }
});

test('the figures of the page are those of the code', () => {
  expect([windowBytes, costOf(0)]).toEqual([262_144, 256]);
  expect(page).toContain('begins with 262,144. A message takes its bytes and 256 more');
  const parted = [...partsOf(frameTypes.message, Buffer.from('abcdef'), 5)].map((part) =>
    Buffer.from(part).toString('hex'),
  );
  expect(parted.map((part) => `\`${part.replace(/..(?=.)/g, '$& ')}\``).join(', ')).toBe(
    '`01 02 01 61 62`, `01 02 03 63 64`, `01 02 02 65 66`',
  );
  expect(page).toContain('`01 02 01 61 62`, `01 02 03 63 64`, `01 02 02 65 66` the MESSAGE');
});
