import type { LeaseState, Registry } from '@tenon/contract';
import { afterEach, expect, test } from 'vitest';
import { FaultyNetwork } from './faulty-network.js';
import { mdnsClient, randomPort } from './fixture.js';
import { bytesOf, packetOf } from './packets.js';
import { UdpStranger } from './udp-stranger.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function client(port: number, network = new FaultyNetwork(), browsers = true): Promise<Registry> {
  const registry = mdnsClient({ port, browsers }, network);
  ends.push(() => registry.close());
  await registry.start(new AbortController().signal);
  return registry;
}

async function ids(registry: Registry, service = 'greeter'): Promise<readonly string[]> {
  return (await registry.lookup(service))
    .flatMap(({ nodes }) => nodes.map(({ id, address }) => `${id} ${address}`))
    .sort();
}

function recordOf(id: string, address = '10.0.0.1:1001') {
  return { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [{ id, address, metadata: {} }] };
}

test('a node registered by another process is that one’s, and the earlier lease counts as released', async () => {
  const port = randomPort();
  const [one, other, observer] = [await client(port), await client(port), await client(port)];
  const earlier = await one.register(recordOf('n1', '10.0.0.1:1001'), { ttlMs: 3_000 });
  await expect.poll(() => ids(observer)).toEqual(['n1 10.0.0.1:1001']);
  // Older than the two seconds in which two that start together are told apart by what they say.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  const later = await other.register(recordOf('n1', '10.0.0.2:2002'), { ttlMs: 3_000 });
  await expect.poll(() => earlier.state, { timeout: 5_000 }).toBe('released');
  for (const registry of [one, other, observer])
    await expect.poll(() => ids(registry), { timeout: 5_000 }).toEqual(['n1 10.0.0.2:2002']);
  expect(later.state).toBe('held');
});

test('of two that register one node together one is left', async () => {
  const port = randomPort();
  const [one, other, observer] = [await client(port), await client(port), await client(port)];
  const leases = await Promise.all([
    one.register(recordOf('n1', '10.0.0.1:1001'), { ttlMs: 3_000 }),
    other.register(recordOf('n1', '10.0.0.2:2002'), { ttlMs: 3_000 }),
  ]);
  const states = (): readonly LeaseState[] => leases.map(({ state }) => state).sort();
  await expect.poll(states, { timeout: 5_000 }).toEqual(['held', 'released']);
  const winner = leases[0]?.state === 'held' ? 'n1 10.0.0.1:1001' : 'n1 10.0.0.2:2002';
  await expect.poll(() => ids(observer), { timeout: 5_000 }).toEqual([winner]);
});

test('cut off, lookups answer what was known, what is registered is held, and both sides see all once it is over', async () => {
  const port = randomPort();
  const network = new FaultyNetwork();
  const [cut, other] = [await client(port, network), await client(port)];
  await other.register(recordOf('n1'), { ttlMs: 60_000 });
  await expect.poll(() => ids(cut)).toEqual(['n1 10.0.0.1:1001']);
  network.isDown = true;
  await expect.poll(() => cut.trouble?.code, { timeout: 5_000 }).toBe('Unavailable');
  const lease = await cut.register(recordOf('n2'), { ttlMs: 60_000 });
  await other.register(recordOf('n3'), { ttlMs: 60_000 });
  expect([lease.state, await ids(cut), await ids(other)]).toEqual([
    'held',
    ['n1 10.0.0.1:1001', 'n2 10.0.0.1:1001'],
    ['n1 10.0.0.1:1001', 'n3 10.0.0.1:1001'],
  ]);
  network.isDown = false;
  for (const registry of [cut, other])
    await expect.poll(async () => (await ids(registry)).length, { timeout: 10_000 }).toBe(3);
  expect(cut.trouble).toBeUndefined();
});

test('a node that leaves is gone where its first goodbye was lost, and stays where it was registered anew meanwhile', async () => {
  const port = randomPort();
  const network = new FaultyNetwork();
  const [one, observer] = [await client(port, undefined, false), await client(port, network, false)];
  const lease = await one.register(recordOf('n1'), { ttlMs: 60_000 });
  await expect.poll(() => ids(observer)).toEqual(['n1 10.0.0.1:1001']);
  let lost = 0;
  network.loses = (packet) => (packetOf(packet).answers ?? []).some(({ ttl }) => ttl === 0) && ++lost === 1;
  await lease.release();
  await expect.poll(() => ids(observer)).toEqual([]);
  expect(lost).toBe(2);
  const again = await one.register(recordOf('n1'), { ttlMs: 60_000 });
  const leaving = again.release();
  await one.register(recordOf('n1', '10.0.0.1:1002'), { ttlMs: 60_000 });
  await leaving;
  await expect.poll(() => ids(observer)).toEqual(['n1 10.0.0.1:1002']);
  expect(lost).toBe(3);
});

test('without an interface start rejects with Unavailable, and works when there is one', async () => {
  const network = new FaultyNetwork();
  network.isDown = true;
  const registry = mdnsClient({ port: randomPort() }, network);
  ends.push(() => registry.close());
  const { signal } = new AbortController();
  await expect(registry.start(signal)).rejects.toMatchObject({ code: 'Unavailable' });
  network.isDown = false;
  await expect
    .poll(
      () =>
        registry.start(signal).then(
          () => 'started',
          () => 'not yet',
        ),
      { timeout: 5_000 },
    )
    .toBe('started');
});

test('however often it is asked, a record is sent to everybody once a second at most', async () => {
  const port = randomPort();
  const registry = await client(port);
  await registry.register(recordOf('n1'), { ttlMs: 60_000 });
  const browser = await UdpStranger.on(port, true);
  ends.push(() => browser.close());
  const query = bytesOf({ type: 'query', questions: [{ name: '_tenon._tcp.local', type: 'PTR' }] });
  const answers = (): number =>
    browser.received
      .map(packetOf)
      .filter(({ type, answers: [first] = [] }) => type === 'response' && first?.name === '_tenon._tcp.local').length;
  // Its announcement for browsers comes after three probes.
  await expect
    .poll(
      async () => {
        await browser.say(query);
        return answers();
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(0);
  const before = answers();
  const from = performance.now();
  for (let asked = 0; asked < 40; asked += 1) {
    await browser.say(query);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const seconds = (performance.now() - from) / 1_000;
  expect(answers() - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
});

test('what the asker knows already is not said again', async () => {
  const port = randomPort();
  const registry = await client(port);
  await registry.register(recordOf('n1'), { ttlMs: 60_000 });
  const asker = await UdpStranger.on(port, false);
  ends.push(() => asker.close());
  const question = { name: 'greeter.micro', type: 'PTR' };
  const known = (ttl: number) => [{ name: 'greeter.micro', type: 'PTR', ttl, data: 'n1.greeter.micro' }];
  await asker.say(bytesOf({ type: 'query', questions: [question], answers: known(31) }));
  await asker.say(bytesOf({ type: 'query', id: 7, questions: [question], answers: known(29) }));
  await expect.poll(() => asker.received.length, { timeout: 5_000 }).toBe(1);
  expect(asker.received[0]?.readUInt16BE(0)).toBe(7);
});

test('1,000 announcers are all found', async () => {
  const port = randomPort();
  const [many, observer] = [await client(port, undefined, false), await client(port, undefined, false)];
  for (let index = 0; index < 1_000; index += 1) await many.register(recordOf(`n${index}`), { ttlMs: 120_000 });
  await expect.poll(async () => (await ids(observer)).length, { timeout: 50_000 }).toBe(1_000);
}, 60_000);
