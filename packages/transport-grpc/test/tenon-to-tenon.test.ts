import { FreezableRelay } from '@tenon/conformance';
import { type Connection, noMetadata, ServiceError } from '@tenon/contract';
import { afterEach, expect, test } from 'vitest';
import { pem, testTls } from '../../../test/tls/test-tls.js';
import { allOf, call, stream, until } from '../../../test/wire/test-call.js';
import { readGoMicroError, readStatus } from '../src/status/rpc-status.js';
import { ask, framed, openSession } from './raw-http2.js';
import {
  type Answer,
  newTransport,
  serve,
  streamed,
  type TestServer,
  type TestServerOptions,
  tenonNode,
} from './test-server.js';

let opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  opened = [];
});

async function pair(
  answers: Readonly<Record<string, Answer>> = {},
  options: TestServerOptions = {},
): Promise<{ readonly server: TestServer; readonly connection: Connection }> {
  const server = await serve(answers, options);
  const connection = await newTransport(options.grpc, options.tls).dial(server.node, { service: 'greeter' });
  opened.push(
    () => server[Symbol.asyncDispose](),
    () => connection.close(),
  );
  return { server, connection };
}

test('64 streams that nobody reads hold their producers back, and not the 36 others of their connection', async () => {
  const made = Array.from({ length: 64 }, () => 0);
  const stuck: Answer = (incoming) => {
    const which = incoming.decode() as number;
    return streamed(
      (async function* () {
        for (;;) {
          made[which] = (made[which] ?? 0) + 1;
          yield 'x'.repeat(10_000);
        }
      })(),
    );
  };
  const { server, connection } = await pair({ 'Greeter.Stuck': stuck }, { kinds: { 'Greeter.Stuck': 'server' } });
  const unread = await Promise.all(made.map((_, which) => stream(connection, 'Stuck', 'server', which)));
  const others = Array.from({ length: 36 }, async () => {
    const { messages } = await stream(connection, 'Count', 'server', { to: 2_000 });
    return (await allOf(messages)).length;
  });
  expect(new Set(await Promise.all(others))).toEqual(new Set([2_000]));
  expect(Math.max(...made)).toBeLessThan(100);
  for (const { messages } of unread) await messages?.[Symbol.asyncIterator]().return?.();
  await until(() => server.cancels.length === 64, 'all producers were told');
});

test('uploads that their handlers do not read hold their callers back, and not the calls beside them', async () => {
  let made = 0;
  const release: (() => void)[] = [];
  const unread: Answer = () =>
    new Promise((resolve) => release.push(() => resolve({ value: 1, metadata: noMetadata })));
  const { connection } = await pair({ 'Greeter.Total': unread });
  const flood = async function* () {
    for (;;) {
      made += 1;
      yield 'x'.repeat(10_000);
    }
  };
  const uploads = Array.from({ length: 10 }, () =>
    stream(connection, 'Total', 'client', undefined, { messages: flood() }),
  );
  await until(() => release.length === 10, 'all have begun');
  for (let turn = 0; turn < 50; turn += 1) expect((await call(connection, 'Echo', turn)).value).toBe(turn);
  expect(made).toBeLessThan(10 * 100);
  for (const one of release) one();
  expect((await Promise.all(uploads)).map(({ value }) => value)).toEqual(Array(10).fill(1));
});

test('a peer that fell silent is given up by its missing answer to a ping, and its calls with it', async () => {
  const server = await serve();
  const relay = await FreezableRelay.to('127.0.0.1', server.number);
  const transport = newTransport({ pingMs: 200, pingTimeoutMs: 200 });
  const node = { ...tenonNode(server.number), address: relay.address };
  const connection = await transport.dial(node, { service: 'greeter' });
  opened.push(
    () => server[Symbol.asyncDispose](),
    () => relay.close(),
    () => connection.close(),
  );
  const held = call(connection, 'Hold', 1, { timeoutMs: 60_000 }).catch((error: ServiceError) => error);
  await until(() => server.received.length === 1, 'the call arrived');
  relay.freeze();
  expect(await held).toMatchObject({ code: 'Unavailable', executed: 'maybe', answered: false });
});

test('one call, and one reply, may be compressed where nothing else is', async () => {
  const gzip = { 'grpc-encoding': 'gzip' };
  const { server, connection } = await pair({
    'Greeter.Echo': (incoming) => ({
      value: incoming.decode(),
      metadata: incoming.metadata['zip'] ? gzip : noMetadata,
    }),
  });
  const text = 'compress me '.repeat(1_000);
  const reply = await call(connection, 'Echo', text, { metadata: { ...gzip, zip: 'yes' } });
  expect(reply.value).toBe(text);
  expect({ ...reply.metadata }).toEqual({});
  expect({ ...server.received[0]?.metadata }).toEqual({ ...gzip, zip: 'yes' });
  const bad = call(connection, 'Echo', text, { metadata: { 'grpc-encoding': 'br' } });
  await expect(bad).rejects.toMatchObject({ code: 'InvalidArgument', executed: 'no' });
  expect((await call(connection, 'Echo', text)).value).toBe(text);
  expect({ ...server.received[1]?.metadata }).toEqual({});
});

test('names that no path can carry are refused before anything is sent', async () => {
  const { server, connection } = await pair();
  for (const service of ['gre eter', 'a/b', 'ü', 'x?y', 'a\r\nb']) {
    await expect(call(connection, 'Hello', 1, { service })).rejects.toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
    });
  }
  expect(server.received).toHaveLength(0);
});

test("go-micro's client is understood: its own time, its own metadata, its own error first", async () => {
  const fail: Answer = () => {
    throw new ServiceError('NotFound', 'no order', { executed: 'yes' });
  };
  const { server } = await pair({ 'Greeter.Fail': fail });
  const session = await openSession(server.number);
  opened.push(() => session.destroy());
  const micro = { 'x-content-type': 'application/grpc+json', timeout: '5000000000', foo: 'bar' };
  const reply = await ask(session, '/go.micro.srv.Greeter/Fail', framed('{}'), micro);
  expect(reply.status).toBe('5');
  const details = readStatus(Buffer.from(String(reply.headers['grpc-status-details-bin']), 'base64')).details;
  expect(details[0]?.typeUrl).toBe('type.googleapis.com/errors.Error');
  expect(readGoMicroError(details[0]?.value ?? new Uint8Array())).toMatchObject({
    code: 404,
    detail: 'no order',
    status: 'Not Found',
  });
  const [incoming] = server.received;
  expect({ ...incoming?.metadata }).toEqual({ foo: 'bar' });
  expect(incoming?.deadline).toBeLessThanOrEqual(performance.now() + 5_000);
});

test('who a peer has proved to be is told with its call', async () => {
  const server = await serve({}, { tls: testTls({ mutual: true }) });
  const named = testTls({ material: { ca: pem('ca'), cert: pem('greeter'), key: pem('greeter-key') } });
  const connection = await newTransport({}, named).dial(server.node, { service: 'greeter' });
  opened.push(
    () => server[Symbol.asyncDispose](),
    () => connection.close(),
  );
  await call(connection, 'Hello', { name: 'Ada' });
  expect(server.received[0]?.peer).toMatchObject({ transport: 'grpc', identity: 'spiffe://acme/greeter' });
});

test.each([
  ['another host', { cert: pem('elsewhere'), key: pem('elsewhere-key') }, /another host/],
  ['an authority that is not trusted', { cert: pem('stranger'), key: pem('stranger-key') }, /not trusted/],
])('a server with a certificate of %s is not called, and the error says why', async (_name, material, why) => {
  const server = await serve({}, { tls: testTls({ material: { ca: pem('ca'), ...material } }) });
  const connection = await newTransport({}, testTls()).dial(server.node, { service: 'greeter' });
  opened.push(
    () => server[Symbol.asyncDispose](),
    () => connection.close(),
  );
  const error = await call(connection, 'Hello', 1).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'Unavailable', executed: 'no', rawMessage: expect.stringMatching(why) });
  expect(server.received).toHaveLength(0);
});

test('calls that run out of time again and again do not cost their connection, nor the others on it', async () => {
  let finish: (() => void) | undefined;
  const steady: Answer = () =>
    new Promise((resolve) => {
      finish = () => resolve({ value: 'done', metadata: noMetadata });
    });
  const slow: Answer = () =>
    new Promise((resolve) => setTimeout(() => resolve({ value: 1, metadata: noMetadata }), 40));
  const { connection } = await pair({ 'Greeter.Steady': steady, 'Greeter.Slow': slow });
  const steadily = call(connection, 'Steady', 1);
  await until(() => finish !== undefined, 'the steady call arrived');
  // A server cuts a peer off that resets more than 500 within a second or two.
  for (let round = 0; round < 12; round += 1) {
    const late = await Promise.allSettled(
      Array.from({ length: 60 }, () => call(connection, 'Slow', 1, { timeoutMs: 15 })),
    );
    expect(new Set(late.map((one) => (one as PromiseRejectedResult).reason.code))).toEqual(
      new Set(['DeadlineExceeded']),
    );
  }
  finish?.();
  expect((await steadily).value).toBe('done');
  expect((await call(connection, 'Echo', 7)).value).toBe(7);
});
