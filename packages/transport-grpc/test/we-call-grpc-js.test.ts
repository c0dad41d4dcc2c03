import { status as codes, Metadata, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Connection, ServiceError } from '@tenon/contract';
import { afterEach, expect, test } from 'vitest';
import { allOf, call, stream, TestCancellation, until } from '../../../test/wire/test-call.js';
import { writeErrorInfo, writeStatus } from '../src/status/rpc-status.js';
import { strangeServer } from './grpc-js.js';
import { newTransport, strangeNode } from './test-server.js';

type Implementation = Parameters<typeof strangeServer>[0];
let opened: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
  opened = [];
});

async function dial(
  implementation: Implementation,
  options: Parameters<typeof newTransport>[0] = {},
  serverOptions: Parameters<typeof strangeServer>[1] = {},
): Promise<Connection> {
  const server = await strangeServer(implementation, serverOptions);
  const transport = newTransport({ contentType: 'application/protobuf', ...options });
  const connection = await transport.dial(strangeNode(server.number), { service: 'greeter' });
  opened.push({ [Symbol.asyncDispose]: () => connection.close() }, server);
  return connection;
}

const usual: Implementation = {
  Hello: ({ request }: ServerUnaryCall<{ name: string }, unknown>, callback: (error: null, reply: unknown) => void) =>
    callback(null, { msg: `Hello ${request.name}` }),
  Count: (counted: { request: { to: number }; write(value: unknown): void; end(): void }) => {
    for (let n = 1; n <= counted.request.to; n += 1) counted.write({ n });
    counted.end();
  },
  Total: async (numbers: AsyncIterable<number>, callback: (error: null, reply: unknown) => void) => {
    callback(null, { total: (await allOf(numbers)).reduce((sum, n) => sum + n, 0) });
  },
  Double: (numbers: ServerDuplexStream<number, number>) => {
    numbers.on('data', (n: number) => numbers.write(n * 2));
    numbers.on('end', () => numbers.end());
  },
};

test('all four kinds', async () => {
  const connection = await dial(usual);
  expect((await call(connection, 'Hello', { name: 'Ada' })).value).toEqual({ msg: 'Hello Ada' });
  const counted = await stream(connection, 'Count', 'server', { to: 100 });
  expect(await allOf(counted.messages)).toHaveLength(100);
  const none = await stream(connection, 'Count', 'server', { to: 0 });
  expect(await allOf(none.messages)).toEqual([]);
  const total = await stream(connection, 'Total', 'client', undefined, { messages: numbers(1, 2, 3) });
  expect(total.value).toEqual({ total: 6 });
  const doubled = await stream(connection, 'Double', 'bidi', undefined, { messages: numbers(1, 2, 3) });
  expect(await allOf(doubled.messages)).toEqual([2, 4, 6]);
});

test('metadata travels both ways, what stands behind the reply too, and the deadline as the time left', async () => {
  let seen: Metadata | undefined;
  let deadline: unknown;
  const connection = await dial({
    Echo: (
      asked: ServerUnaryCall<unknown, unknown>,
      callback: (error: null, reply: unknown, trailers: Metadata) => void,
    ) => {
      seen = asked.metadata;
      deadline = asked.getDeadline();
      const head = new Metadata();
      head.set('x-head', 'before');
      head.set('x-head-bin', Buffer.from([1, 2]));
      asked.sendMetadata(head);
      const trailers = new Metadata();
      trailers.set('x-tail', 'behind');
      callback(null, asked.request, trailers);
    },
  });
  const metadata = { 'x-text': 'a b', 'x-bin': 'q6ur' };
  const reply = await call(connection, 'Echo', 1, { metadata, timeoutMs: 5_000 });
  expect({ ...reply.metadata }).toEqual({ 'x-head': 'before', 'x-head-bin': 'AQI=', 'x-tail': 'behind' });
  expect(seen?.get('x-text')).toEqual(['a b']);
  expect(seen?.get('x-bin')).toEqual([Buffer.from([0xab, 0xab, 0xab])]);
  expect(Number(deadline) - Date.now()).toBeGreaterThan(0);
  expect(Number(deadline) - Date.now()).toBeLessThanOrEqual(5_000);
});

test('a status with message and details arrives, and a stranger says nothing of whether it ran', async () => {
  const typeUrl = 'type.googleapis.com/google.rpc.ErrorInfo';
  const value = writeErrorInfo({ reason: 'QUOTA', domain: 'example.com', metadata: {} });
  const metadata = new Metadata();
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(writeStatus({ code: 8, message: 'm', details: [{ typeUrl, value }] })),
  );
  const connection = await dial({
    Hello: (_call: ServerUnaryCall<unknown, unknown>, callback: (error: object, reply: null) => void) =>
      callback({ code: codes.RESOURCE_EXHAUSTED, details: 'too much ☺', metadata }, null),
  });
  const error = await call(connection, 'Hello', 1).catch((thrown: ServiceError) => thrown);
  expect(error).toMatchObject({
    code: 'ResourceExhausted',
    rawMessage: 'too much ☺',
    executed: 'maybe',
    answered: true,
    details: [{ typeUrl, value: new Uint8Array(value) }],
    service: 'greeter',
    endpoint: 'Greeter.Hello',
  });
});

test('a method that is not there is Unimplemented', async () => {
  const connection = await dial({});
  await expect(call(connection, 'Nope', 1)).rejects.toMatchObject({ code: 'Unimplemented', answered: true });
});

test('the time of a call ends it on both sides', async () => {
  let cancelled = 0;
  const connection = await dial({
    Hold: (held: ServerUnaryCall<unknown, unknown>) =>
      void held.on('cancelled', () => {
        cancelled += 1;
      }),
  });
  await expect(call(connection, 'Hold', 1, { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'DeadlineExceeded',
    executed: 'maybe',
  });
  await until(() => cancelled === 1, 'the server was told');
});

test('cancelling a stream ends it on both sides', async () => {
  const heard: string[] = [];
  const connection = await dial({
    Double: (numbers: ServerDuplexStream<number, number>) => {
      numbers.on('data', (n: number) => numbers.write(n * 2));
      numbers.on('cancelled', () => heard.push('cancelled'));
      numbers.on('error', () => {});
    },
  });
  const cancellation = new TestCancellation();
  const { messages } = await stream(connection, 'Double', 'bidi', undefined, { messages: endless(), cancellation });
  const replies = messages?.[Symbol.asyncIterator]();
  expect((await replies?.next())?.value).toBe(2);
  cancellation.cancel();
  await expect(replies?.next()).rejects.toMatchObject({ code: 'Canceled' });
  await until(() => heard.length > 0, 'the server was told');
  expect(heard).toEqual(['cancelled']);
});

test.each(['gzip', 'deflate'] as const)('requests and replies are compressed with %s', async (compression) => {
  const algorithm = compression === 'gzip' ? 2 : 1;
  const connection = await dial(
    {
      Echo: (asked: ServerUnaryCall<unknown, unknown>, callback: (error: null, reply: unknown) => void) =>
        callback(null, asked.request),
    },
    { compression },
    { 'grpc.default_compression_algorithm': algorithm },
  );
  const text = 'compress me '.repeat(10_000);
  expect((await call(connection, 'Echo', text)).value).toBe(text);
});

test('a request over the limit never leaves, a reply over it ends its call alone', async () => {
  const connection = await dial(
    {
      Echo: (_asked: unknown, callback: (error: null, reply: unknown) => void) => callback(null, 'x'.repeat(3_000)),
      ...usual,
    },
    { maxMessageBytes: 2_000 },
  );
  await expect(call(connection, 'Hello', 'x'.repeat(2_000))).rejects.toMatchObject({
    code: 'ResourceExhausted',
    executed: 'no',
  });
  await expect(call(connection, 'Echo', 1)).rejects.toMatchObject({ code: 'ResourceExhausted', executed: 'yes' });
  expect((await call(connection, 'Hello', { name: 'Ada' })).value).toEqual({ msg: 'Hello Ada' });
});

test('a slow reader holds the server back', async () => {
  let stopped = false;
  const connection = await dial({
    Count: (counted: { write(value: unknown): boolean }) => {
      for (let n = 0; n < 10_000 && !stopped; n += 1) stopped = !counted.write('x'.repeat(10_000));
    },
  });
  const { messages } = await stream(connection, 'Count', 'server', 1);
  await until(() => stopped, 'the server was held back');
  await messages?.[Symbol.asyncIterator]().return?.();
});

async function* numbers(...all: number[]) {
  yield* all;
}

async function* endless() {
  yield 1;
  await new Promise(() => {});
}
