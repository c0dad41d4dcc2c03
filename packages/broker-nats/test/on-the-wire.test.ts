import { randomBytes } from 'node:crypto';
import { connect, type Msg, type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import { eventually, rejectsWith } from '@tenon/conformance';
import type { Message } from '@tenon/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NatsServer } from '../../../test/nats-server/nats-server.js';
import type { NatsBroker } from '../src/nats-broker.js';
import type { NatsOptions } from '../src/nats-options.js';
import { NatsSubscription } from '../src/nats-subscription.js';
import { HeldInbox, Inbox, messageOf, of, passed, patienceMs } from './inbox.js';
import { LogLines } from './log-lines.js';
import { never, Stage } from './stage.js';

const stage = new Stage();
let server: NatsServer;
/** The stock client, as anyone else would use it. */
let stranger: NatsConnection;

beforeAll(async () => {
  const permissions = '{ publish: ">", subscribe: { deny: "secret.>" } }';
  server = await NatsServer.start({
    config: `authorization { default_permissions: ${permissions}, users: [{ user: a, password: a }] }`,
  });
  stranger = await connect({ servers: server.address, user: 'a', pass: 'a' });
});

afterEach(() => stage.end());

afterAll(async () => {
  await stranger?.close();
  await server?.stop();
});

const message: Message = {
  id: '2eccbadf-0000-4000-8000-000000000001',
  timeMs: 1_767_225_600_123,
  contentType: 'application/json',
  body: Buffer.from('{"name":"p"}\n'),
  metadata: { foo: 'bar' },
};

describe('the go-micro envelope on the wire', () => {
  const golden =
    '{"Header":{"Content-Type":"application/json","Foo":"bar","Micro-ID":"2eccbadf-0000-4000-8000-000000000001","Micro-Topic":"t.y"},"Body":"eyJuYW1lIjoicCJ9Cg=="}';

  it('is what a plain NATS client reads, byte for byte and without headers', async () => {
    const broker = await clientOf({ envelope: 'go-micro' });
    expect(broker.contentType).toBe('application/json');
    const heard = await overheard('t.y');
    await broker.publish('t.y', message);
    const [received] = await heard(1);
    expect(Buffer.from(received?.data ?? []).toString()).toBe(golden);
    expect(received?.headers).toBeUndefined();
  });

  it('is read from a plain NATS client', async () => {
    const inbox = await Inbox.open(await clientOf({ envelope: 'go-micro' }), 't.y');
    stranger.publish('t.y', golden);
    await inbox.has(message.id);
    const { timeMs, ...rest } = inbox.deliveries[0]!.message;
    expect(rest).toMatchObject({ contentType: 'application/json', metadata: { foo: 'bar' }, traceparent: undefined });
    expect(Buffer.from(rest.body)).toEqual(message.body);
    expect(timeMs).toBeGreaterThan(message.timeMs - 1);
  });
});

describe('the Tenon envelope on the wire', () => {
  it('is the specified bytes, and headers only for metadata', async () => {
    const broker = await clientOf();
    expect(broker.contentType).toBe('application/msgpack');
    const heard = await overheard('t.y');
    await broker.publish('t.y', { ...message, metadata: {} });
    await broker.publish('t.y', message);
    const [plain, described] = await heard(2);
    const prefix = '02 2eccbadf000040008000000000000001 0000019b76daa87b'.replaceAll(' ', '');
    const body = Buffer.from(message.body).toString('hex');
    expect(Buffer.from(plain?.data ?? []).toString('hex')).toBe(`e100${prefix}${body}`);
    expect(plain?.headers).toBeUndefined();
    expect(Buffer.from(described?.data ?? []).toString('hex')).toBe(`e104${prefix}${body}`);
    expect([...(described?.headers ?? [])]).toEqual([['foo', ['bar']]]);
  });

  it('ignores headers of others, and a hostile set does no harm', async () => {
    const inbox = await Inbox.open(await clientOf(), 't.y');
    const headers = natsHeaders();
    headers.append('Nats-Msg-Id', 'x');
    const prefix = 'e1000211111111111111111111111111111111000000000000000a';
    stranger.publish('t.y', Buffer.from(prefix, 'hex'), { headers });
    for (let index = 0; index < 200; index++) headers.append(`h${index}`, 'x'.repeat(100));
    stranger.publish('t.y', Buffer.from(prefix.replace('e100', 'e104'), 'hex'), { headers });
    await eventually(() => expect(inbox.deliveries).toHaveLength(2), { withinMs: patienceMs });
    expect(inbox.deliveries.map(({ message: { metadata } }) => Object.keys(metadata))).toEqual([[], []]);
    expect(inbox.deliveries[0]?.message).toMatchObject({ id: '11111111-1111-1111-1111-111111111111', timeMs: 10 });
  });
});

for (const envelope of ['tenon', 'go-micro'] as const) {
  it(`hostile bytes on a subject are dropped, counted and warned of once; the subscription goes on (${envelope})`, async () => {
    const log = new LogLines();
    const broker = await clientOf({ envelope }, log);
    const received: string[] = [];
    const handler = async ({ message: { id } }: { message: Message }): Promise<void> => void received.push(id);
    const subscription = of(NatsSubscription, await broker.subscribe('t.y', handler));
    const hostile = [
      Buffer.alloc(0),
      Buffer.from([0xe1]),
      Buffer.from('{}'),
      Buffer.from(`{"Header":{"__proto__":{"polluted":"yes"}},"Body":""}`),
      Buffer.alloc(100_000, 0xff),
      Buffer.from('['.repeat(500_000)),
      ...Array.from({ length: 200 }, (_, length) => Buffer.concat([Buffer.from([0x7f]), randomBytes(length)])),
    ];
    for (const bytes of hostile) stranger.publish('t.y', bytes);
    await stranger.flush();
    await broker.publish('t.y', message);
    await eventually(() => expect(received).toEqual([message.id]), { withinMs: patienceMs });
    expect(subscription.malformed).toBe(hostile.length);
    expect(log.at('warn', 'malformed')).toHaveLength(1);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    await subscription.close();
    expect(log.at('warn', 'malformed').at(-1)?.fields['dropped']).toBe(hostile.length);
  });
}

it('nothing that a caller gives can break out into the protocol', async () => {
  const broker = await clientOf();
  const heard = await overheard('>');
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => broker.publish('t.y\r\nPUB evil 0\r\n', message),
    () => broker.publish('t y', message),
    () => broker.publish('t.>', message),
    () => broker.publish('t.y', { ...message, metadata: { a: 'x\r\n\r\nPUB evil 0\r\n' } }),
    () => broker.publish('t.y', { ...message, metadata: { 'a: b\r\nc': 'x' } }),
    () => broker.subscribe('t.* evil', async () => {}),
    () => broker.subscribe('t.y', async () => {}, { queue: 'q 1\r\nPUB evil 0\r\n\r\nSUB t.y' }),
    () => broker.subscribe('t.y', async () => {}, { queue: '' }),
  ];
  for (const attempt of attempts) await rejectsWith(attempt, 'InvalidArgument');
  await broker.publish('t.z', { ...message, contentType: 'text/\r\nPUB evil 0\r\n', id: 'x\r\nPUB evil 0\r\n\r\n' });
  const [only] = await heard(1);
  expect(only?.subject).toBe('t.z');
  expect(broker.isConnected).toBe(true);
});

it('a topic that the server forbids is PermissionDenied, and other subscriptions go on', async () => {
  const broker = await clientOf();
  const inbox = await Inbox.open(broker, 't.y');
  await rejectsWith(() => broker.subscribe('secret.plans', async () => {}), 'PermissionDenied');
  await broker.publish('t.y', messageOf('m1'));
  await inbox.has('m1');
});

it('subscribing is given up on abort while the server is away', async () => {
  const own = await stage.server();
  const broker = await stage.client(own);
  await own.kill();
  await eventually(() => expect(broker.isConnected).toBe(false), { withinMs: patienceMs });
  const aborting = new AbortController();
  const { signal } = aborting;
  const received: string[] = [];
  const handler = async ({ message: { id } }: { message: Message }): Promise<void> => void received.push(id);
  const subscribing = rejectsWith(() => broker.subscribe('t.y', handler, { signal }), 'Canceled');
  const publishing = rejectsWith(() => broker.publish('t.y', messageOf('m1'), { signal }), 'Canceled');
  aborting.abort();
  await Promise.all([subscribing, publishing]);
  await own.restart();
  const inbox = await Inbox.open(broker, 't.y');
  await broker.publish('t.y', messageOf('m2'));
  await inbox.has('m2');
  expect([received, inbox.ids]).toEqual([[], ['m2']]);
});

describe('draining the broker', () => {
  it('finishes the handlers, lets them publish, and resolves when the server has it', async () => {
    const broker = await clientOf();
    const heard = await overheard('mail.sent');
    await broker.subscribe('t.y', async ({ message: { id } }) => {
      await new Promise((resolve) => setImmediate(resolve));
      await broker.publish('mail.sent', messageOf(`mail for ${id}`));
    });
    for (let index = 0; index < 20; index++) await broker.publish('t.y', messageOf(`m${index}`));
    await passed(broker);
    await broker.drain(never);
    expect(await heard(20)).toHaveLength(20);
    await rejectsWith(() => broker.subscribe('t.y', async () => {}), 'FailedPrecondition');
  });

  it('ends the wait on abort, and says that messages are lost', async () => {
    const log = new LogLines();
    const broker = await clientOf({}, log);
    const held = new HeldInbox();
    await broker.subscribe('t.y', held.handle);
    await broker.publish('t.y', messageOf('m1'));
    await eventually(() => expect(held.entered).toEqual(['m1']), { withinMs: patienceMs });
    const aborting = new AbortController();
    const draining = broker.drain(aborting.signal);
    aborting.abort();
    await draining;
    expect(log.at('warn', 'cut short')).toHaveLength(1);
    held.open();
  });
});

function clientOf(options: NatsOptions = {}, log = new LogLines()): Promise<NatsBroker> {
  return stage.client(server, { username: 'a', password: 'a', ...options }, log);
}

/** Listens with the stock client; the function resolves with what it heard, once that is enough. */
async function overheard(subject: string): Promise<(count: number) => Promise<readonly Msg[]>> {
  const heard: Msg[] = [];
  const subscription = stranger.subscribe(subject, { callback: (_, received) => void heard.push(received) });
  stage.onEnd(async () => subscription.unsubscribe());
  await stranger.flush();
  return (count) =>
    eventually(
      () => {
        expect(heard).toHaveLength(count);
        return heard;
      },
      { withinMs: patienceMs },
    );
}
