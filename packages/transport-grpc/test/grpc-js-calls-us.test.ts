import { status as codes, Metadata } from '@grpc/grpc-js';
import { noMetadata, ServiceError } from '@tenon/contract';
import { afterEach, expect, test } from 'vitest';
import { pem, testTls } from '../../../test/tls/test-tls.js';
import { allOf, until } from '../../../test/wire/test-call.js';
import { readErrorInfo, readStatus } from '../src/status/rpc-status.js';
import { Stranger, statusOf } from './grpc-js.js';
import { type Answer, serve, streamed, type TestServer, type TestServerOptions } from './test-server.js';

let opened: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
  opened = [];
});

async function pair(
  answers: Readonly<Record<string, Answer>> = {},
  options: TestServerOptions = {},
  channel: ConstructorParameters<typeof Stranger>[1] = {},
): Promise<{ readonly server: TestServer; readonly stranger: Stranger }> {
  const server = await serve(answers, options);
  const stranger = new Stranger(server.number, channel, options.tls === undefined ? undefined : pem('ca'));
  opened.push({ [Symbol.asyncDispose]: async () => stranger[Symbol.dispose]() }, server);
  return { server, stranger };
}

test.each([
  ['in the clear', undefined],
  ['under TLS', testTls()],
])('all four kinds, %s', async (_how, tls) => {
  const { stranger } = await pair({}, tls === undefined ? {} : { tls });
  expect((await stranger.unary('/greeter.Greeter/Hello', { name: 'Ada' })).value).toEqual({ msg: 'Hello Ada' });
  expect(await allOf(stranger.server('/greeter.Greeter/Count', { to: 3 }))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(await allOf(stranger.server('/greeter.Greeter/Count', { to: 0 }))).toEqual([]);
  const total = await new Promise((resolve, reject) => {
    const call = stranger.clientStream('/greeter.Greeter/Total', (error, reply) =>
      error ? reject(error) : resolve(reply),
    );
    for (const n of [1, 2, 3]) call.write(n);
    call.end();
  });
  expect(total).toEqual({ total: 6 });
  const double = stranger.bidi('/greeter.Greeter/Double');
  const replies = double[Symbol.asyncIterator]();
  for (const n of [1, 20, 300]) {
    double.write(n);
    expect((await replies.next()).value).toBe(2 * n);
  }
  double.end();
  expect((await replies.next()).done).toBe(true);
});

test('a stream without a message in either direction ends well', async () => {
  const { stranger } = await pair();
  const double = stranger.bidi('/greeter.Greeter/Double');
  const status = statusOf(double);
  double.end();
  expect(await allOf(double)).toEqual([]);
  expect((await status).code).toBe(codes.OK);
});

test('large messages travel, and one over the limit ends its call alone', async () => {
  const { stranger } = await pair({}, { maxMessageBytes: 1_000_000 });
  const text = 'x'.repeat(900_000);
  const held = stranger.unary('/greeter.Greeter/Echo', 'meanwhile');
  expect((await stranger.unary('/greeter.Greeter/Echo', text)).value).toBe(text);
  expect((await stranger.unary('/greeter.Greeter/Echo', `${text}${text}`)).status.code).toBe(codes.RESOURCE_EXHAUSTED);
  expect((await held).value).toBe('meanwhile');
  expect((await stranger.unary('/greeter.Greeter/Echo', 'after')).value).toBe('after');
});

test('a deadline arrives as the time that is left, and is felt by the handler', async () => {
  const { server, stranger } = await pair();
  await stranger.unary('/greeter.Greeter/Echo', 1, { timeoutMs: 5_000 });
  await stranger.unary('/greeter.Greeter/Echo', 1);
  const [timed, untimed] = server.received.map(({ deadline }) => deadline);
  expect(timed).toBeLessThanOrEqual(performance.now() + 5_000);
  expect(timed).toBeGreaterThan(performance.now());
  expect(untimed).toBe(Number.POSITIVE_INFINITY);
  const late = await stranger.unary('/greeter.Greeter/Hold', 1, { timeoutMs: 100 });
  expect(late.status.code).toBe(codes.DEADLINE_EXCEEDED);
  await until(() => server.cancels.length === 1, 'the handler was told');
});

test('metadata travels both ways, bytes too', async () => {
  const trailing = { trailing: ['x-behind-bin'] };
  const reply: Answer = (call) => ({ value: 1, metadata: call.metadata });
  const { server, stranger } = await pair({ 'Greeter.Echo': reply }, { grpc: trailing });
  const metadata = new Metadata();
  metadata.set('x-text', 'plain text');
  metadata.set('x-bin', Buffer.from([0xab, 0xab, 0xab]));
  metadata.set('x-behind-bin', Buffer.from([0xab]));
  const heard = await stranger.unary('/greeter.Greeter/Echo', 1, { metadata });
  expect({ ...server.received[0]?.metadata }).toEqual({
    'x-text': 'plain text',
    'x-bin': 'q6ur',
    'x-behind-bin': 'qw==',
  });
  expect(heard.head.get('x-text')).toEqual(['plain text']);
  expect(heard.head.get('x-bin')).toEqual([Buffer.from([0xab, 0xab, 0xab])]);
  expect(heard.head.get('x-behind-bin')).toEqual([]);
  expect(heard.status.metadata.get('x-behind-bin')).toEqual([Buffer.from([0xab])]);
});

test('an error arrives as status, message and details that any gRPC client reads', async () => {
  const fail: Answer = () => {
    throw new ServiceError('FailedPrecondition', '\t\nZoë said ☺ 😈 100 %\r\n', {
      details: { order: 42 },
      executed: 'yes',
      service: 'orders',
      node: 'node-1',
    });
  };
  const { stranger } = await pair({ 'Greeter.Hello': fail });
  const { status } = await stranger.unary('/greeter.Greeter/Hello', 1);
  expect([status.code, status.details]).toEqual([codes.FAILED_PRECONDITION, '\t\nZoë said ☺ 😈 100 %\r\n']);
  const [bytes] = status.metadata.get('grpc-status-details-bin');
  const read = readStatus(bytes as Buffer);
  expect([read.code, read.message]).toEqual([codes.FAILED_PRECONDITION, status.details]);
  expect(read.details.map(({ typeUrl }) => typeUrl)).toEqual([
    'type.googleapis.com/google.rpc.ErrorInfo',
    'type.googleapis.com/google.protobuf.Value',
  ]);
  expect(readErrorInfo(read.details[0]?.value ?? new Uint8Array())).toEqual({
    reason: 'FAILED_PRECONDITION',
    domain: 'tenon',
    metadata: { executed: 'yes', service: 'orders', node: 'node-1' },
  });
});

test('an error after messages comes behind them', async () => {
  const { stranger } = await pair();
  const counted = stranger.server('/greeter.Greeter/Count', { to: 2, fail: true });
  const seen: unknown[] = [];
  const failure = await (async () => {
    for await (const message of counted) seen.push(message);
  })().catch((error: unknown) => error);
  expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  expect(failure).toMatchObject({ code: codes.NOT_FOUND, details: 'no 3' });
});

test.each([
  ['a service that is not here', '/elsewhere.Stranger/Hello'],
  ['a method that is not here', '/greeter.Greeter/Nope'],
  ['a method in another spelling', '/greeter.Greeter/hello'],
])('%s is Unimplemented', async (_what, path) => {
  const { stranger } = await pair();
  expect((await stranger.unary(path, 1)).status.code).toBe(codes.UNIMPLEMENTED);
  const stream = stranger.bidi(path);
  const status = statusOf(stream);
  stream.on('error', () => {});
  stream.write(1);
  stream.resume();
  expect((await status).code).toBe(codes.UNIMPLEMENTED);
});

test("go-micro's spellings of a path lead to the same endpoint", async () => {
  const { server, stranger } = await pair({}, { services: ['user-profile'] });
  for (const path of [
    '/user-profile.Greeter/Hello',
    '/user_profile.Greeter/Hello',
    '/go.micro.srv.Greeter/Hello',
    '/Greeter/Hello',
  ]) {
    expect((await stranger.unary(path, { name: 'Ada' })).value, path).toEqual({ msg: 'Hello Ada' });
  }
  expect(server.received.map(({ endpoint }) => endpoint)).toEqual(Array(4).fill('Greeter.Hello'));
  expect(server.received.map(({ service }) => service)).toEqual(['user-profile', 'user-profile', '', '']);
});

test('cancelling before and after the first reply is felt by the handler, and is no end of the requests', async () => {
  const outcomes: unknown[] = [];
  const total: Answer = async (call) => {
    try {
      for await (const _n of call.messages()) outcomes.push('message');
      outcomes.push('ended');
    } catch (error) {
      outcomes.push((error as ServiceError).code);
    }
    return { value: 1, metadata: noMetadata };
  };
  const { server, stranger } = await pair({ 'Greeter.Total': total });
  const begun = stranger.clientStream('/greeter.Greeter/Total', () => {});
  begun.write(1);
  await until(() => outcomes.length === 1, 'the first request came');
  begun.cancel();
  await until(() => server.cancels.length === 1, 'the handler was told');
  await until(() => outcomes.length === 2, 'its requests ended');
  expect(outcomes).toEqual(['message', 'Canceled']);

  const double = stranger.bidi('/greeter.Greeter/Double');
  double.on('error', () => {});
  const status = statusOf(double);
  double.write(1);
  await new Promise((resolve) => double.once('data', resolve));
  double.cancel();
  expect((await status).code).toBe(codes.CANCELLED);
  await until(() => server.cancels.length === 2, 'the handler was told');
});

test.each([
  ['gzip', 2],
  ['deflate', 1],
])(
  'requests that are compressed (%s) are read, and replies are where the handler asks for it',
  async (encoding, algorithm) => {
    const answer: Answer = (call) => ({ value: call.decode(), metadata: { 'grpc-encoding': encoding } });
    const { server, stranger } = await pair(
      { 'Greeter.Echo': answer },
      {},
      { 'grpc.default_compression_algorithm': algorithm },
    );
    const text = 'compress me '.repeat(10_000);
    const heard = await stranger.unary('/greeter.Greeter/Echo', text);
    expect(heard.value).toBe(text);
    expect(server.received[0]?.metadata['grpc-encoding']).toBe(encoding);
  },
);

test('a caller that does not read quickly holds its producer back', async () => {
  let made = 0;
  const flood: Answer = () =>
    streamed(
      (async function* () {
        for (;;) {
          made += 1;
          yield 'x'.repeat(10_000);
        }
      })(),
    );
  const { server, stranger } = await pair({ 'Greeter.Count': flood });
  const stuck = stranger.server('/greeter.Greeter/Count', 1);
  stuck.on('error', () => {});
  // grpc-js takes all that comes until something of the call was read.
  stuck.once('data', () => stuck.pause());
  let [before, alike] = [0, 0];
  await until(() => {
    alike = made > 0 && made === before ? alike + 1 : 0;
    before = made;
    return alike === 20;
  }, 'the producer rests');
  expect(made * 10_000).toBeLessThan(8 * 1_024 * 1_024);
  expect((await stranger.unary('/greeter.Greeter/Hello', { name: 'Ada' })).value).toEqual({ msg: 'Hello Ada' });
  stuck.cancel();
  await until(() => server.cancels.length === 1, 'the handler was told');
});

test('a draining server finishes what runs, and tells its clients to go', async () => {
  let finish: (() => void) | undefined;
  const hold: Answer = () =>
    new Promise((resolve) => {
      finish = () => resolve({ value: 'done', metadata: noMetadata });
    });
  const { server, stranger } = await pair({ 'Greeter.Hold': hold });
  const held = stranger.unary('/greeter.Greeter/Hold', 1);
  await until(() => finish !== undefined, 'the call arrived');
  const drained = Promise.all([server.listener.drain(new AbortController().signal), server.port.drain()]);
  finish?.();
  expect((await held).value).toBe('done');
  await drained;
  expect((await stranger.unary('/greeter.Greeter/Hello', 1)).status.code).toBe(codes.UNAVAILABLE);
});
