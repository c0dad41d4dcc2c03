import { eventually, goldenRecord, goldenValue, recordOf, WatchedSet } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { EtcdServer } from './etcd-server.js';
import { etcdClient } from './fixture.js';
import { plainly } from './plain-client.js';

let server: EtcdServer;
let registry: Registry;
const warn = vi.fn<Logger['warn']>();

beforeAll(async () => {
  server = await EtcdServer.start();
});

beforeEach(() => {
  warn.mockClear();
  registry = etcdClient({ endpoints: [server.endpoint] }, warningLogger());
});

afterEach(async () => {
  await registry.close();
  await plainly(server, (client) => client.delete().all());
});

afterAll(() => server.dispose());

it('writes the key, the value and the lease that go-micro writes', async () => {
  await registry.register(goldenRecord, { ttlMs: 14_200 });
  await plainly(server, async (client) => {
    const { kvs } = await client.getAll().prefix('/').exec();
    expect(kvs.map(({ key }) => key.toString())).toEqual(['/micro/registry/greeter/greeter-7f1c']);
    expect(kvs[0]?.value.toString()).toBe(goldenValue);
    // Whole seconds, rounded up.
    const { grantedTTL } = await client.leaseClient.leaseTimeToLive({ ID: String(kvs[0]?.lease) });
    expect(grantedTTL).toBe('15');
  });
});

it('finds what go-micro wrote', async () => {
  await put('/micro/registry/greeter/greeter-7f1c', goldenValue);
  expect(plain(await registry.lookup('greeter'))).toEqual([goldenRecord]);
  expect(await registry.list()).toEqual(['greeter']);
});

it('never asks etcd for less than 2 s, which is the least it keeps', async () => {
  await registry.register(goldenRecord, { ttlMs: 1_000 });
  await plainly(server, async (client) => {
    const { kvs } = await client.get('/micro/registry/greeter/greeter-7f1c').exec();
    expect(await client.leaseClient.leaseTimeToLive({ ID: String(kvs[0]?.lease) })).toMatchObject({ grantedTTL: '2' });
  });
});

it('releasing takes the key and its lease', async () => {
  const lease = await registry.register(goldenRecord, { ttlMs: 15_000 });
  await lease.release();
  await plainly(server, async (client) => {
    expect(await client.getAll().prefix('/').keys()).toEqual([]);
    expect((await client.leaseClient.leaseLeases()).leases).toEqual([]);
  });
});

it('a record of more than 512 KiB is refused with its size', async () => {
  const record = { ...recordOf('greeter', 'n1'), metadata: { large: 'x'.repeat(512 * 1_024) } };
  await expect(registry.register(record, { ttlMs: 15_000 })).rejects.toMatchObject({
    code: 'InvalidArgument',
    message: expect.stringMatching(/has 524\d{3} bytes; the limit is 524288/),
  });
});

it('garbage of others is skipped with one warning a minute, and the rest works: lookup, list and watch', async () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => ({ id: `n${i}`, address: 'h:1' }));
  const garbage = [
    'not json',
    '[]',
    '{"name":7}',
    '{"__proto__":{"polluted":"yes"}}',
    JSON.stringify({ name: 'greeter', version: '1', nodes }),
    JSON.stringify({
      name: 'greeter',
      version: '1',
      metadata: { a: 'x'.repeat(1_024 * 1_024) },
      nodes: nodes.slice(0, 1),
    }),
    '['.repeat(200_000),
  ];
  for (const [index, value] of garbage.entries()) await put(`/micro/registry/greeter/garbage-${index}`, value);
  await put('/micro/registry/rubbish/only', 'x');
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });

  for (let time = 1; time <= 3; time++) expect(ids(await registry.lookup('greeter'))).toEqual(['n1']);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[1]).toMatchObject({ count: garbage.length });
  // One more is met, within the minute.
  expect(await registry.list()).toEqual(['greeter']);
  expect(warn).toHaveBeenCalledTimes(1);

  const watched = new WatchedSet(registry, 'greeter');
  await eventually(() => expect(watched.sets).toEqual([['n1']]), { withinMs: 5_000 });
  await put('/micro/registry/greeter/garbage-7', 'rubbish that arrives later');
  await put('/micro/registry/greeter/n2', value('n2'));
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  expect(watched.sets).toEqual([['n1'], ['n1', 'n2']]);
  expect(watched.errors).toEqual([]);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
  await watched.leave();
});

it('a good value written over garbage, and garbage over a good value, are seen', async () => {
  await put('/micro/registry/greeter/n1', 'rubbish');
  const watched = new WatchedSet(registry, 'greeter');
  await eventually(() => expect(watched.ids).toEqual([]), { withinMs: 5_000 });
  await put('/micro/registry/greeter/n1', value('n1'));
  await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: 5_000 });
  await put('/micro/registry/greeter/n1', 'rubbish');
  await eventually(() => expect(watched.ids).toEqual([]), { withinMs: 5_000 });
  await watched.leave();
});

it('finds 5,000 nodes of one service', async () => {
  await plainly(server, async (client) => {
    for (let from = 0; from < 5_000; from += 100) {
      const puts = Array.from({ length: 100 }, (_, index) => {
        const id = `n${from + index}`;
        return { request_put: { key: Buffer.from(`/micro/registry/greeter/${id}`), value: Buffer.from(value(id)) } };
      });
      await client.kv.txn({ success: puts });
    }
  });
  expect(ids(await registry.lookup('greeter'))).toHaveLength(5_000);
});

async function put(key: string, text: string): Promise<void> {
  await plainly(server, (client) => client.put(key).value(text));
}

function value(id: string): string {
  return JSON.stringify({
    name: 'greeter',
    version: '1.0.0',
    metadata: null,
    endpoints: null,
    nodes: [{ id, address: 'h:1' }],
  });
}

function ids(records: Awaited<ReturnType<Registry['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id));
}

/** Prototypes differ on purpose. */
function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data));
}

function warningLogger(): Logger {
  const { debug, info, error } = silentLogger();
  const logger: Logger = { debug, info, warn, error, child: () => logger };
  return logger;
}
