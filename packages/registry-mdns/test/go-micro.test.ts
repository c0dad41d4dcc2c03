import { randomBytes } from 'node:crypto';
import { goldenRecord } from '@tenon/conformance';
import { afterEach, expect, test } from 'vitest';
import { mdnsClient, randomPort } from './fixture.js';
import { announcement, getQuery, goodbye, listQuery, probe } from './go-micro-packets.js';
import { packetOf, textOf } from './packets.js';
import { UdpStranger } from './udp-stranger.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp(hears: boolean) {
  const port = randomPort();
  const stranger = await UdpStranger.on(port, hears);
  ends.push(() => stranger.close());
  const registry = mdnsClient({ port });
  ends.push(() => registry.close());
  await registry.start(new AbortController().signal);
  return { stranger, registry, port };
}

test('what go-micro announces is found, and gone with its goodbye', async () => {
  const { stranger, registry } = await setUp(true);
  await stranger.say(probe);
  await stranger.say(announcement);
  await expect
    .poll(() => registry.lookup('greeter'), { timeout: 5_000 })
    .toEqual([
      {
        ...goldenRecord,
        nodes: [{ id: 'greeter-7f1c', address: '10.0.0.5:9090', metadata: { protocol: 'mucp', transport: 'http' } }],
      },
    ]);
  expect(await registry.list()).toEqual(['greeter']);
  await stranger.say(goodbye);
  await expect.poll(() => registry.lookup('greeter'), { timeout: 5_000 }).toEqual([]);
});

test('go-micro’s queries are answered where it asks, with its question and everything among the answers', async () => {
  const { stranger, registry } = await setUp(false);
  const node = { id: 'mailer-1', address: '10.0.0.6:9091', metadata: { protocol: 'mucp' } };
  await registry.register(
    { name: 'mailer', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] },
    { ttlMs: 60_000 },
  );
  await stranger.say(getQuery);
  await expect.poll(() => stranger.received.length, { timeout: 5_000 }).toBe(1);
  const answer = packetOf(stranger.received[0]!);
  expect(answer.questions?.map(({ name, type }) => [name, type])).toEqual([['mailer.micro', 'PTR']]);
  expect(answer.answers?.map(({ name, type, ttl }) => [name, type, ttl])).toEqual([
    ['mailer.micro', 'PTR', 60],
    ['mailer-1.mailer.micro', 'SRV', 60],
    ['tenon-10-0-0-6.local', 'A', 60],
    ['mailer-1.mailer.micro', 'TXT', 60],
  ]);
  expect(textOf(answer)).toEqual({
    Service: 'mailer',
    Version: '1.0.0',
    Endpoints: [],
    Metadata: { protocol: 'mucp' },
  });

  await stranger.say(listQuery);
  await expect.poll(() => stranger.received.length, { timeout: 5_000 }).toBe(2);
  const list = packetOf(stranger.received[1]!);
  expect(list.questions?.map(({ name }) => name)).toEqual(['_services.micro']);
  expect(list.answers?.map(({ name, type }) => `${type} ${name}`)).toEqual([
    'PTR _services.micro',
    'SRV mailer._services.micro',
    'A tenon-services._services.micro',
    'TXT mailer._services.micro',
  ]);
});

test('a record of ours that go-micro’s format cannot say in full is still whole for us', async () => {
  const { registry, port } = await setUp(false);
  const other = mdnsClient({ port });
  ends.push(() => other.close());
  const record = {
    name: `a name of ${'very '.repeat(20)}many words`,
    version: '',
    metadata: { zone: 'north' },
    endpoints: [],
    nodes: [{ id: 'an/id.of..dots', address: 'memory:17', metadata: {} }],
  };
  await registry.register(record, { ttlMs: 60_000 });
  expect(await other.lookup(record.name)).toEqual([record]);
});

test('a record that no packet holds is refused', async () => {
  const { registry } = await setUp(false);
  // What cannot be compressed: 48 KiB of it are twice as much as hexadecimal text.
  const value = randomBytes(48 * 1_024).toString('base64');
  const nodes = [{ id: 'n1', address: '10.0.0.1:1', metadata: { value } }];
  const record = { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes };
  await expect(registry.register(record, { ttlMs: 60_000 })).rejects.toMatchObject({ code: 'InvalidArgument' });
  expect(await registry.lookup('greeter')).toEqual([]);
});
