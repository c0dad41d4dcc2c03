import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { eventually, goldenRecord, goldenValue, LeakCheck, recordOf, within } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { ACL, type Client, Id, Permission } from 'node-zookeeper-client';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { zookeeperClient } from './fixture.js';
import { put, read, Stage } from './stage.js';
import { ZookeeperServer } from './zookeeper-server.js';

const warn = vi.fn<Logger['warn']>();
let server: ZookeeperServer;
let stage = new Stage();
let count = 0;

beforeAll(async () => {
  server = await ZookeeperServer.start();
});

afterEach(async () => {
  await stage.end();
  stage = new Stage();
  warn.mockClear();
});

afterAll(() => server.dispose());

it('writes what go-micro reads, where it looks for it, as an ephemeral node', async () => {
  const { registry, stranger, root } = await scene();
  await registry.register(goldenRecord, { ttlMs: 15_000 });
  expect(await read(stranger, `${root}/greeter/greeter-7f1c`)).toEqual({ text: goldenValue, isEphemeral: true });
  expect((await read(stranger, `${root}/greeter`)).isEphemeral).toBe(false);
});

it('reads what go-micro wrote, nodes that stay and null for what is empty', async () => {
  const { registry, stranger, root } = await scene();
  await put(stranger, `${root}/greeter/greeter-7f1c`, goldenValue);
  await put(stranger, `${root}/go-micro-mailer/m1`, entryOf('m1', 'go/micro-mailer'));
  expect(JSON.parse(JSON.stringify(await registry.lookup('greeter')))).toEqual([goldenRecord].map(sortedNode));
  expect(await registry.list()).toEqual(['go/micro-mailer', 'greeter']);
});

it('garbage of others is skipped with one warning, and the rest works: lookup, list and watch', async () => {
  const { registry, stranger, root } = await scene();
  const garbage = [
    'not json',
    '',
    '[]',
    'null',
    '{"name":7}',
    '{"name":"greeter","version":"1","metadata":null,"endpoints":null,"nodes":null}',
    '{"__proto__":{"polluted":"yes"}}',
    JSON.stringify({ name: 'greeter', version: '1', nodes: Array.from({ length: 10_000 }, () => ({ id: 'n' })) }),
    'x'.repeat(1_024 * 1_024 - 1_024),
    '['.repeat(200_000),
  ];
  for (const [index, value] of garbage.entries()) await put(stranger, `${root}/greeter/garbage-${index}`, value);
  await put(stranger, `${root}/rubbish/only`, 'x');
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  for (let time = 1; time <= 3; time++) expect(ids(await registry.lookup('greeter'))).toEqual(['n1']);
  expect(await registry.list()).toEqual(['greeter']);
  const watched = stage.watched(registry);
  await eventually(() => expect(watched.sets).toEqual([['n1']]), { withinMs: 5_000 });
  await put(stranger, `${root}/greeter/garbage-late`, 'rubbish that arrives later');
  await put(stranger, `${root}/greeter/n2`, entryOf('n2'));
  await eventually(() => expect(watched.ids).toEqual(['n1', 'n2']), { withinMs: 5_000 });
  expect(watched.sets).toEqual([['n1'], ['n1', 'n2']]);
  expect(watched.errors).toEqual([]);
  // Once a minute, whatever is met.
  expect(warn).toHaveBeenCalledTimes(1);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

it('finds and follows 10,000 nodes of one service', async () => {
  const { registry, stranger, root } = await scene();
  await put(stranger, `${root}/greeter/n0`, entryOf('n0'));
  const puts = Array.from({ length: 9_999 }, (_, index) => {
    const path = `${root}/greeter/n${index + 1}`;
    return new Promise<void>((resolve, reject) => {
      stranger.create(path, Buffer.from(entryOf(`n${index + 1}`)), (error) => (error ? reject(error) : resolve()));
    });
  });
  await Promise.all(puts);
  const startedAt = performance.now();
  expect(ids(await registry.lookup('greeter'))).toHaveLength(10_000);
  process.stdout.write(`10,000 nodes are looked up in ${Math.round(performance.now() - startedAt)} ms\n`);
  const watchedAt = performance.now();
  const watched = stage.watched(registry);
  await eventually(() => expect(watched.ids).toHaveLength(10_000), { withinMs: 20_000 });
  process.stdout.write(`a watch of 10,000 nodes begins in ${Math.round(performance.now() - watchedAt)} ms\n`);
  await put(stranger, `${root}/greeter/one-more`, entryOf('one-more'));
  await eventually(() => expect(watched.ids).toHaveLength(10_001), { withinMs: 20_000 });
}, 90_000);

it('a directory that we may not read, and one that we may not write, are PermissionDenied', async () => {
  const { registry, stranger, root } = await scene();
  await registry.register(recordOf('mailer', 'm1'), { ttlMs: 15_000 });
  await put(stranger, `${root}/greeter/n1`, entryOf('n1'));
  await protect(stranger, `${root}/greeter`, 'somebody:else', []);
  await expect(registry.lookup('greeter')).rejects.toMatchObject({ code: 'PermissionDenied' });
  const writing = registry.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
  await expect(writing).rejects.toMatchObject({ code: 'PermissionDenied' });
  const watched = stage.watched(registry);
  await eventually(() => expect(watched.errors[0]).toMatchObject({ code: 'PermissionDenied' }), { withinMs: 5_000 });
  expect(ids(await registry.lookup('mailer'))).toEqual(['m1']);
});

it('with access "owner", others read and only the owner of the password changes', async () => {
  const root = nextRoot();
  const ours = { endpoints: [server.endpoint], root, username: 'fleet', password: 'right', access: 'owner' } as const;
  const [registry, colleague] = [stage.client(ours), stage.client(ours)];
  const outsider = stage.client({ endpoints: [server.endpoint], root });
  const wrong = stage.client({ ...ours, password: 'wrong' });
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  await colleague.register(recordOf('greeter', 'n2'), { ttlMs: 15_000 });
  expect(ids(await outsider.lookup('greeter'))).toEqual(['n1', 'n2']);
  for (const client of [outsider, wrong]) {
    const writing = client.register(recordOf('greeter', 'n1', { address: '10.6.6.6:6' }), { ttlMs: 15_000 });
    await expect(writing).rejects.toMatchObject({ code: 'PermissionDenied' });
  }
});

it('names that ZooKeeper does not take are refused, and nobody is found under them', async () => {
  const { registry } = await scene();
  for (const name of ['.', '..', 'gr😀ter']) {
    await expect(registry.register(recordOf(name, 'n1'), { ttlMs: 15_000 })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
    expect(await registry.lookup(name)).toEqual([]);
    const watched = stage.watched(registry, name);
    await eventually(() => expect(watched.sets).toEqual([[]]), { withinMs: 1_000 });
  }
});

it.each([
  ['answers HTML', html],
  ['says nothing', mute],
  ['hangs up', hangingUp],
  ['says more and more', babbling],
])('a server that %s is Unavailable within 2 s, and nothing stays open', async (_, serve) => {
  const stranger = await serve();
  const { port } = stranger.address() as { readonly port: number };
  const check = new LeakCheck();
  try {
    await check.run(async () => {
      const registry = zookeeperClient({ endpoints: [`127.0.0.1:${port}`] });
      const starting = registry.start(new AbortController().signal);
      await within(expect(starting).rejects.toMatchObject({ code: 'Unavailable' }), 2_000, 'start');
      await registry.close();
    });
    expect(await check.leaks(5_000)).toEqual([]);
  } finally {
    check.stop();
    await close(stranger);
  }
});

it('a name that DNS does not know, and nobody listening, are Unavailable with their reason', async () => {
  for (const [endpoint, reason] of [
    ['no-such-host.invalid:2181', /ENOTFOUND|EAI_AGAIN/],
    ['127.0.0.1:1', /ECONNREFUSED/],
  ] as const) {
    const registry = stage.client({ endpoints: [endpoint], callTimeoutMs: 2_000 });
    const failure = await registry.lookup('greeter').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).toMatchObject({ code: 'Unavailable', message: expect.stringMatching(reason) });
    expect(registry.trouble).toMatchObject({ code: 'Unavailable' });
  }
});

async function scene() {
  const root = nextRoot();
  const registry = stage.client({ endpoints: [server.endpoint], root }, warningLogger());
  return { registry, root, stranger: await stage.stranger(server) };
}

function nextRoot(): string {
  count += 1;
  return `/case-${count}`;
}

/** Only who has `user:password` may do anything, others what is listed. */
function protect(client: Client, path: string, user: string, others: readonly number[]): Promise<void> {
  const digest = `${user.split(':')[0]}:${createHash('sha1').update(user).digest('base64')}`;
  const acl = [new ACL(Permission.ALL, new Id('digest', digest))];
  for (const permission of others) acl.push(new ACL(permission, new Id('world', 'anyone')));
  return new Promise((resolve, reject) => {
    client.setACL(path, acl, (error) => (error ? reject(error) : resolve()));
  });
}

async function html(): Promise<Server> {
  const site = createServer((_, response) => response.end('<html>hello</html>'));
  return listening(site);
}

function mute(): Promise<Server> {
  return listening(createTcpServer((socket) => socket.on('error', () => {})));
}

function hangingUp(): Promise<Server> {
  return listening(createTcpServer((socket) => socket.destroy()));
}

function babbling(): Promise<Server> {
  return listening(
    createTcpServer((socket) => {
      const babble = (): boolean => socket.write(Buffer.alloc(65_536, 'a'));
      socket.on('error', () => {}).on('drain', babble);
      babble();
    }),
  );
}

/** Sockets that nobody reads would stay. */
const accepted = new WeakMap<Server, Set<Socket>>();

async function close(stranger: Server): Promise<void> {
  for (const socket of accepted.get(stranger) ?? []) socket.destroy();
  await new Promise((resolve) => stranger.close(resolve));
}

async function listening<T extends Server>(stranger: T): Promise<T> {
  const sockets = new Set<Socket>();
  accepted.set(stranger, sockets);
  stranger.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  return stranger;
}

function entryOf(id: string, name = 'greeter'): string {
  return JSON.stringify({
    name,
    version: '1',
    metadata: null,
    endpoints: null,
    nodes: [{ id, address: 'h:1', metadata: null }],
  });
}

function sortedNode(record: typeof goldenRecord): unknown {
  return JSON.parse(JSON.stringify(record));
}

function ids(records: Awaited<ReturnType<Registry['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id)).sort();
}

function warningLogger(): Logger {
  const { debug, info, error } = silentLogger();
  const logger: Logger = { debug, info, warn, error, child: () => logger };
  return logger;
}
