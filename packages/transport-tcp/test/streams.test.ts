import type { Connection } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClosableTransport, newTransport } from './fixture.js';
import { call, failure, Serving, stream, streamOf, until } from './serving.js';

let serving: Serving;
let transport: ClosableTransport;
let connection: Connection;

beforeEach(async () => {
  transport = newTransport();
  await serve();
});

afterEach(async () => {
  await connection.close();
  await serving.close();
  await transport.close();
});

async function serve(tcp = {}): Promise<void> {
  serving = await Serving.start({}, { tcp });
  connection = await transport.dial(serving.node, { service: 'greeter' });
}

async function serveAnew(tcp: object): Promise<void> {
  await connection.close();
  await serving.close();
  await serve(tcp);
}

async function collected(messages: AsyncIterable<unknown> | undefined): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const message of messages ?? []) all.push(message);
  return all;
}

async function* counting(to: number, size = 0): AsyncGenerator<unknown> {
  for (let n = 0; n < to; n += 1) yield size === 0 ? n : { n, pad: 'p'.repeat(size) };
}

describe('many messages', () => {
  test('arrive in order, whatever their number and kind', async () => {
    const reply = await stream(connection, 'Count', 'server', { value: 50_000 });
    expect(await collected(reply.messages)).toEqual(Array.from({ length: 50_000 }, (_, n) => n));
    expect((await stream(connection, 'Sum', 'client', { messages: counting(20_000) })).value).toBe(199_990_000);
    const chat = await stream(connection, 'Chat', 'bidi', { messages: counting(20_000) });
    expect(await collected(chat.messages)).toEqual(Array.from({ length: 20_000 }, (_, n) => n));
  });

  test('do not keep timers and other sockets waiting', async () => {
    const reply = await stream(connection, 'Count', 'server', { value: 300_000 });
    let turns = 0;
    let done = false;
    const turning = (): void => {
      turns += 1;
      if (!done) setImmediate(turning);
    };
    setImmediate(turning);
    expect(await collected(reply.messages)).toHaveLength(300_000);
    done = true;
    expect(turns).toBeGreaterThan(100);
  });

  test('of streams and calls at once all arrive', async () => {
    const streams = Array.from({ length: 100 }, async (_, n) => {
      const reply = await stream(connection, 'Chat', 'bidi', { messages: counting(50 + n, 100) });
      return (await collected(reply.messages)).length;
    });
    const calls = Array.from({ length: 500 }, async (_, n) => (await call(connection, 'Echo', n)).value);
    expect(await Promise.all(streams)).toEqual(Array.from({ length: 100 }, (_, n) => 50 + n));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  test('and messages larger than every window arrive whole, both ways', async () => {
    const sizes = [0, 1, 16_384, 65_536, 300_000, 3_000_000];
    const source = async function* (): AsyncGenerator<unknown> {
      for (const size of sizes) yield 'm'.repeat(size);
    };
    const reply = await stream(connection, 'Chat', 'bidi', { messages: source() });
    expect((await collected(reply.messages)).map((text) => (text as string).length)).toEqual(sizes);
  });

  test('more streams than the limit wait for their turn', async () => {
    await serveAnew({ maxStreams: 3 });
    const all = Array.from({ length: 20 }, async (_, n) => {
      const reply = await stream(connection, 'Count', 'server', { value: n });
      return (await collected(reply.messages)).length;
    });
    expect(await Promise.all(all)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});

describe('readers that do not read', () => {
  test('hold their producers back at the window, and nobody else: 64 of 128 on one connection', async () => {
    await serveAnew({ maxStreams: 128 });
    const made = Array.from({ length: 64 }, () => 0);
    serving.answer('Greeter.Stuck', (incoming) => {
      const which = incoming.decode() as number;
      return streamOf(
        (async function* () {
          for (;;) {
            made[which] = (made[which] ?? 0) + 1;
            yield 'x'.repeat(1_000);
          }
        })(),
      );
    });
    const stuck = await Promise.all(made.map((_, which) => stream(connection, 'Stuck', 'server', { value: which })));
    const others = Array.from({ length: 64 }, async () => {
      const reply = await stream(connection, 'Count', 'server', { value: 5_000 });
      return (await collected(reply.messages)).length;
    });
    expect(new Set(await Promise.all(others))).toEqual(new Set([5_000]));
    expect(Math.max(...made)).toBeLessThan(80);
    for (const { messages } of stuck) await messages?.[Symbol.asyncIterator]().return?.();
    await until(() => serving.cancels.length === 64, 'all producers were told');
  });

  test('share a budget: when it is used up the connection slows down, and goes on as they read', async () => {
    await connection.close();
    await transport.close();
    transport = newTransport({ options: { maxStreamBufferBytes: 1_024 * 1_024 } });
    connection = await transport.dial(serving.node, { service: 'greeter' });
    let made = 0;
    serving.answer('Greeter.Much', () =>
      streamOf(
        (async function* () {
          for (let n = 0; n < 100; n += 1) {
            made += 1;
            yield 'x'.repeat(10_000);
          }
        })(),
      ),
    );
    // Not waited for: the first to be served may use the budget up before the last have sent anything.
    const replies = Array.from({ length: 80 }, () => stream(connection, 'Much', 'server', { value: 1 }));
    // 80 windows of 64 KiB are 5 MiB; 1 MiB of budget and 1 MiB that the connection begins with let fewer through.
    let before = 0;
    let sinceMs = performance.now();
    await until(() => {
      if (before !== made) sinceMs = performance.now();
      before = made;
      return made > 80 && performance.now() - sinceMs > 400;
    }, 'the producers stand');
    expect(made * 10_000).toBeLessThan(3.5 * 1_024 * 1_024);
    const lengths = await Promise.all(replies.map(async (reply) => (await collected((await reply).messages)).length));
    expect(new Set(lengths)).toEqual(new Set([100]));
  });

  test('of long messages end, the last one first, where nothing of them can be whole', async () => {
    await serveAnew({});
    const source = async function* (): AsyncGenerator<unknown> {
      yield 'first';
      yield 'x'.repeat(3_900_000);
    };
    serving.answer('Greeter.Read', async (incoming) => {
      let count = 0;
      for await (const _ of incoming.messages()) count += 1;
      return { value: count, metadata: {} };
    });
    // More than 16 MiB in messages that are not whole: some end, the others arrive.
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => stream(connection, 'Read', 'client', { messages: source() })),
    );
    const failed = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as ServiceError] : []));
    const served = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.value] : []));
    expect(failed.every((error) => error.code === 'ResourceExhausted')).toBe(true);
    expect(served.every((count) => count === 2)).toBe(true);
    expect(served.length).toBeGreaterThanOrEqual(1);
    expect((await call(connection, 'Echo', 'on')).value).toBe('on');
  });
});

test('an error of the producer comes behind its messages', async () => {
  serving.answer('Greeter.Fail', () =>
    streamOf(
      (async function* () {
        yield 1;
        yield 2;
        throw new ServiceError('OutOfRange', 'no further', { executed: 'yes', details: { at: 2 } });
      })(),
    ),
  );
  const reply = await stream(connection, 'Fail', 'server', { value: 1 });
  const seen: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const message of reply.messages ?? []) seen.push(message);
  };
  expect(await failure(read())).toMatchObject({ code: 'OutOfRange', executed: 'yes', details: { at: 2 } });
  expect(seen).toEqual([1, 2]);
});

test('what a producer throws that is no ServiceError stays where it was', async () => {
  serving.answer('Greeter.Leak', () =>
    streamOf(
      (async function* () {
        yield 1;
        throw new Error('the password is swordfish');
      })(),
    ),
  );
  const reply = await stream(connection, 'Leak', 'server', { value: 1 });
  const error = await failure(collected(reply.messages));
  expect(error.code).toBe('Internal');
  expect(JSON.stringify(error.toRecord())).not.toContain('swordfish');
});

test('a server that drains ends 100 open streams well, and turns new ones away safely', async () => {
  let release = (): void => {};
  const go = new Promise<void>((resolve) => {
    release = resolve;
  });
  serving.answer('Greeter.Wait', () =>
    streamOf(
      (async function* () {
        yield 'first';
        await go;
        yield 'last';
      })(),
    ),
  );
  const open = await Promise.all(Array.from({ length: 100 }, () => stream(connection, 'Wait', 'server', { value: 1 })));
  const drained = serving.listener.drain(new AbortController().signal);
  expect(await failure(stream(connection, 'Wait', 'server', { value: 1 }))).toMatchObject({
    code: 'Unavailable',
    executed: 'no',
  });
  release();
  const read = await Promise.all(open.map(({ messages }) => collected(messages)));
  expect(read.every((messages) => messages.join() === 'first,last')).toBe(true);
  await drained;
  await until(() => connection.ended === true, 'the client left');
});

test('a server that drains under load loses no call', async () => {
  serving.answer('Greeter.Slow', async (incoming) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { value: incoming.decode(), metadata: noMetadata };
  });
  const transports = Array.from({ length: 4 }, () => newTransport());
  const connections = await Promise.all(transports.map((one) => one.dial(serving.node, { service: 'greeter' })));
  let answered = 0;
  const refused: ServiceError[] = [];
  const callers = Array.from({ length: 80 }, async (_, index) => {
    for (let over = false; !over; ) {
      await call(connections[index % 4] as Connection, 'Slow', index).then(
        ({ value }) => {
          expect(value).toBe(index);
          answered += 1;
        },
        (error: ServiceError) => {
          refused.push(error);
          over = true;
        },
      );
    }
  });
  await until(() => answered > 1_000, 'the server was busy');
  await serving.listener.drain(new AbortController().signal);
  await Promise.all(callers);
  expect(serving.received).toHaveLength(answered);
  expect(new Set(refused.map(({ code, executed }) => `${code} ${executed}`))).toEqual(new Set(['Unavailable no']));
  for (const one of transports) await one.close();
});
