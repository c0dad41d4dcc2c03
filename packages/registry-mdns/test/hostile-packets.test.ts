import { deflateSync } from 'node:zlib';
import type { Logger } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { afterEach, expect, test } from 'vitest';
import { mdnsClient, randomPort } from './fixture.js';
import { announcement } from './go-micro-packets.js';
import { bytesOf } from './packets.js';
import { UdpStranger } from './udp-stranger.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp() {
  const port = randomPort();
  const stranger = await UdpStranger.on(port, true);
  ends.push(() => stranger.close());
  const warnings: unknown[] = [];
  const logger: Logger = Object.assign(silentLogger(), {
    warn: (_message: string, fields?: Readonly<Record<string, unknown>>) => void warnings.push(fields),
  });
  const registry = mdnsClient({ port }, undefined, Object.assign(logger, { child: () => logger }));
  ends.push(() => registry.close());
  await registry.start(new AbortController().signal);
  return { stranger, registry, warnings };
}

function micro(id: string, text: unknown, service = 'greeter'): Buffer {
  const name = `${id}.${service}.micro`;
  const data = typeof text === 'string' ? [text] : stringsOf(text);
  return bytesOf({
    type: 'response',
    answers: [
      { name, type: 'SRV', ttl: 120, data: { target: 'vm', port: 9_090 } },
      { name: 'vm', type: 'A', ttl: 120, data: '10.0.0.5' },
      { name, type: 'TXT', ttl: 120, data },
    ],
  });
}

function stringsOf(value: unknown): readonly string[] {
  const text = deflateSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('hex');
  return text.match(/.{1,255}/g) ?? [];
}

const good = { Service: 'greeter', Version: '1', Endpoints: null, Metadata: null };

test('entries that cannot be used are skipped with one warning, and the good ones work', async () => {
  const { stranger, registry, warnings } = await setUp();
  const bad: readonly (readonly [string, unknown])[] = [
    ['no-hex', 'plain=text'],
    ['no-zlib', 'abcdef'],
    ['no-json', stringsOf('{"Service":').join('')],
    ['null', null],
    ['list', [1, 2]],
    ['number', { ...good, Version: 7 }],
    ['service', { ...good, Service: { a: 1 } }],
    ['metadata', { ...good, Metadata: { a: 1 } }],
    ['endpoints', { ...good, Endpoints: 'all' }],
    ['own', { ...good, Tenon: { id: 7, address: [] } }],
    ['bomb', { ...good, Version: 'x'.repeat(2 * 1_024 * 1_024) }],
  ];
  for (const [id, text] of bad) await stranger.say(micro(id, text));
  await stranger.say(
    micro('proto', JSON.parse('{"Service":"greeter","Version":"1","Metadata":{"__proto__":"p","a":"b"}}')),
  );
  await stranger.say(announcement);
  const ids = async () => (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort();
  await expect.poll(ids, { timeout: 5_000 }).toEqual(['greeter-7f1c', 'proto']);
  expect(Reflect.get({}, 'a')).toBeUndefined();
  expect(warnings.length).toBe(1);
});

test('garbage, loops and floods of names end nothing, and cost little', async () => {
  const { stranger, registry } = await setUp();
  const header = (answers: number): Buffer =>
    Buffer.from([0, 0, 0x84, 0, 0, 0, answers >> 8, answers & 255, 0, 0, 0, 0]);
  const toItself = Buffer.concat([header(1), Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12])]);
  const chain = Buffer.alloc(60_000);
  header(1_500).copy(chain);
  // Every name is a pointer to the pointer before it.
  for (let at = 14; at + 1 < chain.length; at += 2) chain.writeUInt16BE(0xc000 | Math.min(at - 2, 0x3fff), at);
  const many = Array.from({ length: 10_000 }, (_, index) => ({
    name: 'a.micro',
    type: 'PTR',
    ttl: 9,
    data: `${index}.a.micro`,
  }));
  const packets = [Buffer.alloc(0), Buffer.from('x'), header(65_535), toItself, chain, announcement.subarray(0, 60)];
  for (const packet of packets) await stranger.say(packet);
  for (let at = 0; at < many.length; at += 1_000)
    await stranger.say(bytesOf({ type: 'response', answers: many.slice(at, at + 1_000) }));
  let seed = 7;
  for (let round = 0; round < 3_000; round += 1) {
    const mutant = Buffer.from(announcement);
    for (let change = 0; change < 6; change += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      mutant[seed % mutant.length] = (seed >> 8) & 255;
    }
    await stranger.say(mutant);
  }
  await expect
    .poll(
      async () => {
        await stranger.say(announcement);
        return (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id));
      },
      { timeout: 10_000 },
    )
    .toContain('greeter-7f1c');
});
