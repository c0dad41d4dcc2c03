import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually, recordOf, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState } from '@tenon/contract';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EtcdOptions } from '../src/etcd-options.js';
import type { EtcdRegistry } from '../src/etcd-registry.js';
import { keyOf } from '../src/record-keys.js';
import { EtcdServer } from './etcd-server.js';
import { etcdClient } from './fixture.js';
import { plainly } from './plain-client.js';

let server: EtcdServer;
let cleanups: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  server = await EtcdServer.start();
  cleanups = [() => server.dispose()];
});

afterEach(async () => {
  server.resume();
  for (const cleanup of cleanups.reverse()) await cleanup();
});

it('etcd killed and restarted within the time to live: the entry stands, and no watch sees it go', async () => {
  const { registry, watched, states } = await registered({ ttlMs: 15_000 });
  await server.kill();
  await eventually(() => expect(watched.errors).toHaveLength(1), within(5));
  await server.restart();
  await registry.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), within(5));
  expect(watched.sets.filter((ids) => !ids.includes('n1'))).toEqual([]);
  expect(watched.errors).toHaveLength(1);
  expect(states).toEqual([]);
});

it('etcd down for more than two times to live: the loss is told, and the entry is kept again within 5 s', async () => {
  const { watched, states } = await registered({ ttlMs: 2_000 });
  await server.kill();
  await eventually(() => expect(states).toEqual(['lost']), within(10));
  await pastTimeToLive(2 * 2_000);
  await server.restart();
  await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
  // One outage is one error, however many attempts it took.
  expect(watched.errors).toHaveLength(1);
  // Kept, not only there: it outlives its time again.
  await pastTimeToLive(2 * 2_000);
  expect(await rawKeys()).toEqual(['n1']);
});

it('a client cut off until its lease expired registers again within 5 s of the connection’s return', async () => {
  const { proxy, watched, states } = await registered({ ttlMs: 2_000 });
  proxy.cut();
  await eventually(async () => expect(await rawKeys()).toEqual([]), within(15));
  await eventually(() => expect(states).toEqual(['lost']), within(5));
  proxy.heal();
  await eventually(async () => expect(await rawKeys()).toEqual(['n1']), within(5));
  await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
  await eventually(() => expect(watched.ids).toEqual(['n1']), within(5));
});

it('etcd stopped for 8 s: calls fail within their deadline, and everything stands afterwards', async () => {
  const { registry, watched } = await registered({ ttlMs: 15_000 }, { callTimeoutMs: 2_000 });
  server.pause();
  const resumed = pastTimeToLive(8_000).then(() => server.resume());
  await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
  await expect(registry.list()).rejects.toMatchObject({ code: 'Unavailable' });
  await resumed;
  await eventually(async () => expect(await registry.list()).toEqual(['greeter']), within(10));
  await eventually(() => registry.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 }), within(10));
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), within(10));
  expect(watched.sets.filter((ids) => !ids.includes('n1'))).toEqual([]);
});

it('etcd wiped: the entry is put in again within 5 s, and the watch delivers from the new data', async () => {
  // Many writes, so that the new data is older than the old by its revision.
  await plainly(server, async (client) => {
    for (let i = 0; i < 50; i++) await client.put('unrelated').value(String(i));
  });
  const { watched, another } = await registered({ ttlMs: 15_000 });
  const vanished = await another();
  await vanished.registry.register(recordOf('greeter', 'vanished'), { ttlMs: 60_000 });
  await eventually(() => expect(watched.ids).toEqual(['n1', 'vanished']), within(5));
  vanished.proxy.cut();
  await server.wipe();
  await eventually(async () => expect(await rawKeys()).toEqual(['n1']), within(5));
  await putForeign('n2');
  await eventually(() => expect(watched.ids).toContain('n2'), within(10));
  // The living were never missing, and who did not come back is gone when the time of grace is over.
  expect(watched.sets.filter((ids) => !ids.includes('n1'))).toEqual([]);
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), within(15));
});

it('changes compacted away while the client was cut off: the set is exact again', async () => {
  const { proxy, watched } = await registered({ ttlMs: 60_000 });
  proxy.cut();
  const alive = new Set(['n1']);
  await plainly(server, async (client) => {
    let revision = '0';
    for (let step = 0; step < 300; step++) {
      const id = `m${Math.floor(Math.random() * 40)}`;
      const key = keyOf(prefix, 'greeter', id);
      const change = alive.delete(id) ? client.delete().key(key).exec() : client.put(key).value(valueFor(id)).exec();
      ({ revision } = (await change).header);
      if ((await client.get(key).exec()).kvs.length > 0) alive.add(id);
    }
    await client.kv.compact({ revision, physical: true });
  });
  proxy.heal();
  await eventually(() => expect(watched.ids).toEqual([...alive].sort()), within(10));
  await putForeign('later');
  await eventually(() => expect(watched.ids).toContain('later'), within(5));
});

it('most nodes gone while etcd was away are kept for a while, and a few are not', async () => {
  const { another } = await registered({ ttlMs: 60_000 }, { restoreGraceMs: 3_000 });
  for (const id of ['m1', 'm2', 'm3', 'm4']) await putForeign(id);
  const observer = await another();
  const watched = new WatchedSet(observer.registry, 'greeter');
  cleanups.push(() => watched.leave());
  await eventually(() => expect(watched.ids).toHaveLength(5), within(5));
  const remove = (...ids: readonly string[]): Promise<unknown> =>
    plainly(server, async (client) => {
      for (const id of ids)
        await client
          .delete()
          .key(keyOf(prefix, 'greeter', id))
          .exec();
    });

  observer.proxy.cut();
  await eventually(() => expect(watched.errors).toHaveLength(1), within(15));
  await remove('m1');
  observer.proxy.heal();
  await eventually(() => expect(watched.ids).toEqual(['m2', 'm3', 'm4', 'n1']), within(10));

  observer.proxy.cut();
  await eventually(() => expect(watched.errors).toHaveLength(2), within(15));
  await remove('m2', 'm3', 'm4');
  const before = watched.sets.length;
  observer.proxy.heal();
  // Back, with what it knew; and then exact.
  await eventually(() => expect(watched.sets.length).toBeGreaterThan(before), within(10));
  expect(watched.sets[before]).toEqual(['m2', 'm3', 'm4', 'n1']);
  await eventually(() => expect(watched.ids).toEqual(['n1']), within(15));
});

it('a half-open connection is noticed within 15 s, by the watch and by the lease, and both heal', async () => {
  const { proxy, watched, states } = await registered({ ttlMs: 5_000 });
  proxy.freeze();
  await putForeign('n2');
  await eventually(() => expect(watched.errors).toHaveLength(1), within(15));
  expect(watched.errors[0]).toMatchObject({ code: 'Unavailable' });
  expect(watched.ids).toEqual(['n1']);
  await eventually(() => expect(states).toEqual(['lost']), within(5));
  proxy.heal();
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), within(10));
  await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
});

it('an entry that somebody deleted, or wrote over, is put in its place again', async () => {
  const { states } = await registered({ ttlMs: 15_000 }, { relistIntervalMs: 1_000 });
  const key = keyOf(prefix, 'greeter', 'n1');
  const value = (): Promise<string | null> => plainly(server, (client) => client.get(key).string());
  const original = await value();
  await plainly(server, (client) => client.delete().key(key));
  await eventually(async () => expect(await value()).toBe(original), within(15));
  await plainly(server, (client) => client.put(key).value('{}'));
  await eventually(async () => expect(await value()).toBe(original), within(15));
  expect(states).toEqual([]);
});

it('a lease revoked behind our back is told, granted anew, and its entry put in again', async () => {
  const { states } = await registered({ ttlMs: 3_000 });
  const key = keyOf(prefix, 'greeter', 'n1');
  await plainly(server, async (client) => {
    const { kvs } = await client.get(key).exec();
    await client.leaseClient.leaseRevoke({ ID: String(kvs[0]?.lease) });
  });
  await eventually(() => expect(states).toEqual(['lost', 'held']), within(5));
  expect(await rawKeys()).toEqual(['n1']);
});

it('a process stopped for two times to live learns of its loss at once, and registers again', async () => {
  const service = spawn(
    process.execPath,
    ['-C', '@tenon/source', '--import', '@oxc-node/core/register', pausedService, server.endpoint],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  cleanups.push(async () => {
    const exited = once(service, 'exit');
    if (service.kill('SIGKILL')) await exited;
  });
  const said: string[] = [];
  createInterface({ input: service.stdout }).on('line', (line) => said.push(line));
  await eventually(() => expect(said).toEqual(['registered']), within(20));
  service.kill('SIGSTOP');
  await eventually(async () => expect(await rawKeys()).toEqual([]), within(15));
  service.kill('SIGCONT');
  await eventually(() => expect(said[1]).toBe('lost'), within(1));
  await eventually(() => expect(said).toEqual(['registered', 'lost', 'held']), within(5));
  expect(await rawKeys()).toEqual(['n1']);
});

it('etcd coming and going 5 times leaves one watch, one set and no more than one error for each', async () => {
  const { proxy, watched } = await registered({ ttlMs: 60_000 });
  for (let time = 1; time <= 5; time++) {
    proxy.cut();
    await eventually(() => expect(watched.errors).toHaveLength(time), within(5));
    proxy.heal();
    await putForeign('n2', `10.0.0.2:${time}`);
    await eventually(() => expect(watched.sets).toHaveLength(1 + time), within(10));
  }
  expect(new Set(watched.sets.slice(1).map(String))).toEqual(new Set(['n1,n2']));
});

const prefix = '/micro/registry/';
const pausedService = fileURLToPath(new URL('paused-service.ts', import.meta.url));

interface Client {
  readonly registry: EtcdRegistry;
  readonly proxy: TcpProxy;
}

/** A client behind a proxy of its own, with one registered node `n1`, a watch that has seen it, and what its lease said. */
async function registered({ ttlMs }: { readonly ttlMs: number }, options: EtcdOptions = {}) {
  const another = async (): Promise<Client> => {
    const proxy = await TcpProxy.to(server.port);
    const registry = etcdClient({ ...options, endpoints: [proxy.endpoint] });
    cleanups.push(
      () => proxy.close(),
      () => registry.close(),
    );
    return { registry, proxy };
  };
  const { registry, proxy } = await another();
  const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs });
  const states: LeaseState[] = [];
  lease.onChange((state) => states.push(state));
  const watched = new WatchedSet(registry, 'greeter');
  cleanups.push(() => watched.leave());
  await eventually(() => expect(watched.ids).toEqual(['n1']), within(5));
  return { registry, proxy, another, watched, states };
}

/** Puts a node in, as another program would. */
async function putForeign(id: string, address?: string): Promise<void> {
  await plainly(server, (client) => client.put(keyOf(prefix, 'greeter', id)).value(valueFor(id, address)));
}

async function rawKeys(): Promise<readonly string[]> {
  const keys = await plainly(server, (client) => client.getAll().prefix(`${prefix}greeter/`).keys());
  return keys.map((key) => key.slice(`${prefix}greeter/`.length)).sort();
}

function valueFor(id: string, address = '10.0.0.2:1'): string {
  return JSON.stringify({ name: 'greeter', version: '1.0.0', metadata: null, endpoints: [], nodes: [{ id, address }] });
}

/** Lets real time pass: what is tested is that nothing happens to the entry meanwhile. */
function pastTimeToLive(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function within(seconds: number) {
  return { withinMs: seconds * 1_000, everyMs: 25 };
}
