import { AsyncResource } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually, LeakCheck, recordOf, TcpProxy, within } from '@tenon/conformance';
import { Clock, isProvider, Logger, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { afterEach, expect, it } from 'vitest';
import type { EtcdOptions } from '../src/etcd-options.js';
import type { EtcdRegistry } from '../src/etcd-registry.js';
import { etcdRegistry } from '../src/index.js';
import { EtcdServer } from './etcd-server.js';
import { etcdClient } from './fixture.js';
import { plainly } from './plain-client.js';

let cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

it('is a provider of Registry that needs a logger and a clock, and does nothing before it is used', () => {
  const provider = etcdRegistry({ endpoints: ['127.0.0.1:1'] });
  expect(isProvider(provider)).toBe(true);
  expect([provider.token, provider.dependencies]).toEqual([Registry, [Logger, Clock]]);
  const create = provider.create as (logger: Logger, clock: Clock) => Registry;
  expect(create(silentLogger(), systemClock()).capabilities).toEqual({
    expires: true,
    consistency: {
      register: { level: 'strong', whenCutOff: 'refuses' },
      lookup: { level: 'strong', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
    reach: 'machine',
  });
});

it('with nothing listening, start rejects with Unavailable within 2 s, as often as one likes, and leaves nothing', async () => {
  const endpoint = await unusedEndpoint();
  await leavesNothing(async () => {
    const registry = client({ endpoints: [endpoint] });
    for (let time = 1; time <= 5; time++) {
      await within(expect(start(registry)).rejects.toMatchObject({ code: 'Unavailable' }), 2_000, 'start');
    }
  });
});

it('each attempt connects once, also where whoever listens cuts it off', async () => {
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  const registry = client({ endpoints: [`127.0.0.1:${(server.address() as { port: number }).port}`] });
  for (let time = 1; time <= 3; time++) {
    await expect(start(registry)).rejects.toMatchObject({ code: 'Unavailable' });
    // Longer than gRPC waits before it would connect again by itself.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(accepted).toBe(time);
  }
});

it.each<EtcdOptions>([{}, { username: 'root', password: 'right' }])(
  'with a mute peer, start rejects with Unavailable within 2 s and leaves nothing (%j)',
  async (options) => {
    const proxy = await TcpProxy.to(1);
    cleanups.push(() => proxy.close());
    proxy.freeze();
    await leavesNothing(async () => {
      const registry = client({ ...options, endpoints: [proxy.endpoint] });
      await within(expect(start(registry)).rejects.toMatchObject({ code: 'Unavailable' }), 2_000, 'start');
    });
  },
);

it('a start that was aborted is Canceled', async () => {
  const registry = client({ endpoints: [await unusedEndpoint()] });
  await expect(registry.start(AbortSignal.abort())).rejects.toMatchObject({ code: 'Canceled' });
});

it('starts as soon as etcd is there, after failing before', async () => {
  const server = await started();
  await server.kill();
  const registry = client({ endpoints: [server.endpoint] });
  await expect(start(registry)).rejects.toMatchObject({ code: 'Unavailable' });
  await server.restart();
  await start(registry);
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
});

it('close while a call waits ends it, at once', async () => {
  const proxy = await TcpProxy.to(1);
  cleanups.push(() => proxy.close());
  proxy.freeze();
  const registry = client({ endpoints: [proxy.endpoint], callTimeoutMs: 60_000 });
  const looking = expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'FailedPrecondition' });
  await within(registry.close(), 2_000, 'close');
  await looking;
});

it('an aborted lookup rejects at once with Canceled, also while etcd is mute', async () => {
  const proxy = await TcpProxy.to(1);
  cleanups.push(() => proxy.close());
  proxy.freeze();
  const registry = client({ endpoints: [proxy.endpoint], callTimeoutMs: 60_000 });
  const abort = new AbortController();
  const looking = expect(registry.lookup('greeter', { signal: abort.signal })).rejects.toMatchObject({
    code: 'Canceled',
  });
  abort.abort();
  await within(looking, 1_000, 'an aborted lookup');
});

it('a registration aborted on its way leaves no entry', async () => {
  const server = await started();
  const registry = client({ endpoints: [server.endpoint] });
  await start(registry);
  const abort = new AbortController();
  const registering = registry.register(recordOf('greeter', 'n1'), { ttlMs: 60_000, signal: abort.signal });
  setImmediate(() => abort.abort());
  await expect(registering).rejects.toMatchObject({ code: 'Canceled' });
  await eventually(async () => expect(await leaseCount(server)).toBe(0), { withinMs: 5_000 });
  expect(await registry.lookup('greeter')).toEqual([]);
});

it('goes to another endpoint where one is dead', async () => {
  const server = await started();
  const endpoints = [await unusedEndpoint(), server.endpoint, await unusedEndpoint()];
  const registries = Array.from({ length: 6 }, () => client({ endpoints }));
  for (const [index, registry] of registries.entries()) {
    await start(registry);
    await registry.register(recordOf('greeter', `n${index}`), { ttlMs: 15_000 });
    expect(await registry.list()).toEqual(['greeter']);
  }
});

it('logs in with user name and password, again after etcd forgot the token, and leaves nothing', async () => {
  const server = await started();
  await plainly(server, async ({ auth }) => {
    await auth.userAdd({ name: 'root', password: 'right' });
    await auth.roleAdd({ name: 'root' });
    await auth.userGrantRole({ user: 'root', role: 'root' });
    await auth.authEnable();
  });
  await expect(start(client({ endpoints: [server.endpoint] }))).rejects.toMatchObject({ code: 'Unauthenticated' });
  const wrong = client({ endpoints: [server.endpoint], username: 'root', password: 'wrong' });
  await expect(start(wrong)).rejects.toMatchObject({ code: 'Unauthenticated' });
  // Bound here, so that the leak check does not count the server.
  const restart = AsyncResource.bind(async () => {
    await server.kill();
    await server.restart();
  });
  await leavesNothing(async () => {
    const registry = client({ endpoints: [server.endpoint], username: 'root', password: 'right' });
    await start(registry);
    await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    const events = registry.watch('greeter')[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'set', records: [{ nodes: [{ id: 'n1' }] }] });
    await restart();
    await eventually(async () => expect(await registry.list()).toEqual(['greeter']), { withinMs: 5_000 });
    await registry.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
    await eventually(async () => expect((await events.next()).value.records?.[0].nodes).toHaveLength(2), {
      withinMs: 10_000,
    });
    await registry.close();
  });
});

it('talks TLS with a certificate of its own, and refuses a server it does not trust', async () => {
  const file = (name: string): string => fileURLToPath(new URL(`tls/${name}`, import.meta.url));
  const pem = (name: string): Buffer => readFileSync(file(name));
  const server = await started({ tls: { ca: file('ca.pem'), cert: file('server.pem'), key: file('server-key.pem') } });
  const ours = { cert: pem('client.pem'), key: pem('client-key.pem') };
  const registry = client({ endpoints: [`https://${server.endpoint}`], tls: { ca: pem('ca.pem'), ...ours } });
  await start(registry);
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  expect(await registry.list()).toEqual(['greeter']);
  const trustless = client({ endpoints: [server.endpoint], tls: ours });
  await expect(start(trustless)).rejects.toMatchObject({ code: 'Unavailable' });
  const anonymous = client({ endpoints: [server.endpoint], tls: { ca: pem('ca.pem').toString() } });
  await expect(start(anonymous)).rejects.toMatchObject({ code: 'Unavailable' });
});

function client(options: EtcdOptions): EtcdRegistry {
  const registry = etcdClient(options);
  cleanups.push(() => registry.close());
  return registry;
}

function start(registry: EtcdRegistry): Promise<void> {
  return registry.start(new AbortController().signal);
}

async function started(options: Parameters<typeof EtcdServer.start>[0] = {}): Promise<EtcdServer> {
  const server = await EtcdServer.start(options);
  cleanups.push(() => server.dispose());
  return server;
}

/** Runs something and asserts that it left no socket and no timer. */
async function leavesNothing(body: () => Promise<void>): Promise<void> {
  const check = new LeakCheck();
  try {
    await check.run(body);
    expect(await check.leaks(5_000)).toEqual([]);
  } finally {
    check.stop();
  }
}

async function leaseCount(server: EtcdServer): Promise<number> {
  return (await plainly(server, (plain) => plain.leaseClient.leaseLeases())).leases.length;
}

async function unusedEndpoint(): Promise<string> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return `127.0.0.1:${port}`;
}
