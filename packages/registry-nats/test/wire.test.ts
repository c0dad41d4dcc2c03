import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, goldenRecord, goldenValue, recordOf, within } from '@tenon/conformance';
import type { Logger, Registry } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { Stage } from './stage.js';

const warn = vi.fn<Logger['warn']>();
let server: NatsServer;
let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  server = await stage.server();
  warn.mockClear();
});

afterEach(() => stage.end());

it('tells and answers what go-micro does, byte for byte, with its time to live beside it', async () => {
  const stranger = await stage.stranger(server);
  const told: [string, string | undefined][] = [];
  stranger.subscribe('micro.nats.watch', {
    callback: (_, message) => {
      told.push([message.string(), message.headers?.get('Tenon-Ttl-Ms')]);
    },
  });
  await stranger.flush();
  const registry = stage.client({ servers: [server.address] });
  const lease = await registry.register(goldenRecord, { ttlMs: 15_000 });
  await eventually(() => expect(told).toEqual([[`{"Service":${goldenValue},"Action":"create"}`, '15000']]), soon);
  const asked = [
    '{"Service":{"name":"greeter","version":"","metadata":null,"endpoints":null,"nodes":null},"Action":"get"}',
    '{"Service":null,"Action":"list"}',
    '{"Service":{"name":"mailer"},"Action":"get"}',
  ];
  const answers = await Promise.all(
    asked.map((question) => stranger.requestMany('micro.nats.query', question, { maxWait: 300 }).then(texts)),
  );
  expect(answers).toEqual([[goldenValue], [goldenValue], []]);
  await lease.release();
  await eventually(() => expect(told.at(-1)?.[0]).toBe(`{"Service":${goldenValue},"Action":"delete"}`), soon);
});

it('asks as go-micro does, and reads what go-micro answers and tells, several nodes in one message', async () => {
  const stranger = await stage.stranger(server);
  const asked: string[] = [];
  const value = service(['m1', 'm2']);
  stranger.subscribe('micro.nats.query', {
    callback: (_, message) => {
      asked.push(message.string());
      message.respond(value);
    },
  });
  await stranger.flush();
  const registry = stage.client({ servers: [server.address], foreignTtlMs: 1_500 });
  expect(ids(await registry.lookup('mailer'))).toEqual(['m1', 'm2']);
  expect(asked.at(-1)).toBe(
    '{"Service":{"name":"mailer","version":"","metadata":null,"endpoints":null,"nodes":null},"Action":"get"}',
  );
  expect(await registry.list()).toEqual(['mailer']);
  expect(asked.at(-1)).toBe('{"Service":null,"Action":"list"}');
  const watched = stage.watched(registry, 'mailer');
  stranger.publish('micro.nats.watch', `{"Service":${service(['m3'])},"Action":"create"}`);
  await eventually(() => expect(watched.ids).toEqual(['m1', 'm2', 'm3']), soon);
  stranger.publish('micro.nats.watch', `{"Service":${service(['m3'])},"Action":"delete"}`);
  await eventually(() => expect(watched.ids).toEqual(['m1', 'm2']), soon);
  // Nobody says any more that they are there.
  await eventually(() => expect(watched.ids).toEqual([]), { withinMs: 3_500 });
});

it('garbage of others is skipped with one warning, and the rest works', async () => {
  const stranger = await stage.stranger(server);
  const registry = stage.client({ servers: [server.address] }, warningLogger());
  const watched = stage.watched(registry, 'mailer');
  await eventually(() => expect(watched.sets).toEqual([[]]), soon);
  await registry.register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
  const garbage = [
    'not json',
    '',
    'null',
    '[]',
    '{}',
    '{"Service":7,"Action":"create"}',
    '{"Service":null,"Action":"create"}',
    '{"Service":{"name":"mailer","nodes":null},"Action":"create"}',
    '{"Service":{"name":"mailer","version":"1","nodes":[{"id":"n","address":"h:1","metadata":7}]},"Action":"create"}',
    '{"__proto__":{"polluted":"yes"},"Service":{"__proto__":{"polluted":"yes"}},"Action":"create"}',
    `{"Service":${service(Array.from({ length: 10_000 }, (_, index) => `m${index}`))},"Action":"create"}`,
    `{"Service":{"name":"mailer","version":"${'x'.repeat(1_024 * 1_024 - 200)}"},"Action":"create"}`,
    '['.repeat(200_000),
  ];
  for (const subject of ['micro.nats.watch', 'micro.nats.query']) {
    for (const value of garbage) stranger.publish(subject, value, { reply: 'nowhere' });
  }
  stranger.subscribe('micro.nats.query', {
    callback: (_, message) => {
      for (const value of garbage) message.respond(value);
    },
  });
  stranger.publish('micro.nats.watch', `{"Service":${service(['m1'])},"Action":"create"}`);
  await eventually(() => expect(watched.ids).toEqual(['m1']), soon);
  expect(ids(await registry.lookup('greeter'))).toEqual(['n1']);
  expect(await registry.list()).toEqual(['greeter', 'mailer']);
  expect(warn.mock.calls.filter(([text]) => text === 'registry entries were skipped')).toHaveLength(1);
  expect(watched.errors).toEqual([]);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

it('follows 10,000 nodes of one service', async () => {
  const stranger = await stage.stranger(server);
  const registry = stage.client({ servers: [server.address] });
  const watched = stage.watched(registry, 'mailer');
  await eventually(() => expect(watched.sets).toEqual([[]]), soon);
  for (let index = 0; index < 10_000; index++) {
    stranger.publish('micro.nats.watch', `{"Service":${service([`m${index}`])},"Action":"create"}`);
  }
  await eventually(() => expect(watched.ids).toHaveLength(10_000), { withinMs: 20_000 });
});

it('a token that is refused is Unauthenticated, what a user may not do is PermissionDenied', async () => {
  const guarded = await stage.server({
    config: `authorization { users: [
      { user: ada, password: right },
      { user: mute, password: right, permissions: { publish: { deny: ["micro.nats.watch"] } } },
      { user: deaf, password: right, permissions: { subscribe: { deny: ["micro.nats.query"] } } } ] }`,
  });
  const client = (username: string, password: string) =>
    stage.client({ servers: [guarded.address], username, password });
  const signal = new AbortController().signal;
  for (const wrong of [client('ada', 'wrong'), stage.client({ servers: [guarded.address], token: 'nonsense' })]) {
    await expect(wrong.start(signal)).rejects.toMatchObject({ code: 'Unauthenticated' });
  }
  for (const user of ['mute', 'deaf']) {
    const writing = client(user, 'right').register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
    await expect(writing).rejects.toMatchObject({ code: 'PermissionDenied' });
  }
  await expect(client('deaf', 'right').lookup('greeter')).rejects.toMatchObject({ code: 'PermissionDenied' });
  await client('ada', 'right').register(recordOf('greeter', 'n1'), { ttlMs: 15_000 });
});

it('a server that answers HTML, a name that DNS does not know, and nobody listening are Unavailable within 2 s', async () => {
  const site = createServer((_, response) => response.end('<html>hello</html>')).listen(0, '127.0.0.1');
  await eventually(() => expect(site.listening).toBe(true), soon);
  stage.atEnd(() => site.close());
  stage.atEnd(() => site.closeAllConnections());
  for (const address of [
    `127.0.0.1:${(site.address() as AddressInfo).port}`,
    'no-such-host.invalid:4222',
    '127.0.0.1:1',
  ]) {
    const registry = stage.client({ servers: [address] });
    const starting = registry.start(new AbortController().signal);
    await within(expect(starting).rejects.toMatchObject({ code: 'Unavailable' }), 2_000, `start at ${address}`);
  }
});

const soon = { withinMs: 5_000 };

async function texts(answers: AsyncIterable<{ string(): string; data: Uint8Array }>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const answer of answers) if (answer.data.length > 0) all.push(answer.string());
  return all;
}

function service(nodes: readonly string[]): string {
  return JSON.stringify({
    name: 'mailer',
    version: '1',
    metadata: null,
    endpoints: null,
    nodes: nodes.map((id) => ({ metadata: null, id, address: 'h:1' })),
  });
}

function ids(records: Awaited<ReturnType<Registry['lookup']>>): readonly string[] {
  return records.flatMap((record) => record.nodes.map((node) => node.id)).sort();
}

function warningLogger(): Logger {
  const { debug, info, error } = silentLogger();
  const logger: Logger = { debug, info, warn, error, child: () => logger };
  return logger;
}
