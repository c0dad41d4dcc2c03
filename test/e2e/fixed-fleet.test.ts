import { freePorts } from '@tenon/conformance';
import { staticRegistry } from '@tenon/registry-static';
import {
  type App,
  anything,
  type ClientOf,
  consistentHashStrategy,
  createApp,
  Endpoint,
  type Module,
  memoryBroker,
  Service,
  ServiceError,
  tcpTransport,
  versionWeights,
} from 'tenon';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A service of which each node tells which one it is. */
interface Shard {
  open(request: { readonly userId: string }): Promise<{ readonly node: string }>;
}

function shardOf(node: string, version: string): new () => Shard {
  @Service('shard', { version })
  class Shard {
    @Endpoint({ request: anything, policy: { keyField: 'userId' } })
    async open(): Promise<{ node: string }> {
      return { node };
    }
  }
  return Shard;
}

const apps: App[] = [];
const nodes: { readonly address: string; readonly version: string }[] = [];

async function started(
  services: readonly (new () => Shard)[],
  listen: string,
  modules: readonly Module[],
): Promise<App> {
  const app = await createApp({
    services,
    profile: 'test',
    log: { level: 'silent' },
    server: { listen },
    client: { local: 'off' },
    failFast: true,
    modules: [tcpTransport(), memoryBroker(), fleet(), ...modules],
  });
  apps.push(app);
  await app.start();
  return app;
}

const fleet = (): Module => staticRegistry({ shard: nodes });

/** A client of the fleet that serves nothing. */
async function clientWith(strategy: Module): Promise<ClientOf<Shard>> {
  const app = await started([], '127.0.0.1:0', [strategy]);
  return app.client(shardOf('', '') as never) as ClientOf<Shard>;
}

beforeAll(async () => {
  const ports = await freePorts(3);
  for (const [index, port] of ports.entries())
    nodes.push({ address: `127.0.0.1:${port}`, version: index === 2 ? '1.1.0' : '1.0.0' });
  for (const { address, version } of nodes) await started([shardOf(address, version)], address, []);
});

afterAll(() => Promise.all(apps.map((app) => app.close())));

test('a field of the request says which node of the list serves it, for every client', async () => {
  const [one, other] = [await clientWith(consistentHashStrategy()), await clientWith(consistentHashStrategy())];
  const met = new Map<string, string>();
  for (let user = 0; user < 60; user += 1) {
    const { node } = await one.open({ userId: `user-${user}` });
    met.set(`user-${user}`, node);
    expect(await other.open({ userId: `user-${user}` })).toEqual({ node });
  }
  expect(new Set(met.values())).toEqual(new Set(nodes.map(({ address }) => address)));
});

test('a canary has its share of the calls, and a user who has met it goes on meeting it', async () => {
  const client = await clientWith(versionWeights({ '1.0.0': 3, '1.1.0': 1 }));
  const canary = nodes[2]?.address;
  let served = 0;
  for (let user = 0; user < 400; user += 1) {
    const { node } = await client.open({ userId: `user-${user}` });
    const again = await client.open({ userId: `user-${user}` });
    expect(again.node === canary).toBe(node === canary);
    if (node === canary) served += 1;
  }
  // By the keys' hashes, so the same in every run.
  expect(served).toBeGreaterThan(70);
  expect(served).toBeLessThan(130);
});

test('a server whose address is not in the list does not start, and says what to do', async () => {
  const error = await started([shardOf('stranger', '1.0.0')], '127.0.0.1:0', []).catch(ServiceError.from);
  expect(error).toMatchObject({ code: 'FailedPrecondition' });
  expect(String(error)).toMatch(/no node of "shard" at 127\.0\.0\.1:\d+; list it there/);
});
