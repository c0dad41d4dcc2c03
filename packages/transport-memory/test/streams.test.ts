import { jsonCodec } from '@tenon/codec-json';
import { rejectsWith, testCancellation } from '@tenon/conformance';
import { type Call, type EndpointKind, type IncomingCall, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { MemoryNetwork } from '@tenon/transport-memory';
import { describe, expect, it } from 'vitest';
import { createCodec, createMemoryTransport, memoryPort } from './fixture.js';
import { serving } from './serving.js';
import { settle } from './settle.js';

describe('streams over memory', () => {
  it('lets 16 replies wait for a reader, and as many more as it reads', async () => {
    const replies = counting();
    const { stream } = await pair(() => ({ value: undefined, messages: replies.messages, metadata: noMetadata }));
    const reply = await stream('server');
    await settle();
    expect(replies.made).toBe(16);
    const reader = iteratorOf(reply);
    for (let read = 0; read < 8; read += 1) await reader.next();
    await settle();
    expect(replies.made).toBe(24);
  });

  it('lets 16 requests wait for a handler, and as many more as it reads', async () => {
    const requests = counting();
    let reader: AsyncIterator<unknown> | undefined;
    const { stream } = await pair((call) => {
      reader = call.messages()[Symbol.asyncIterator]();
      return new Promise(() => {});
    });
    const reply = stream('client', { messages: requests.messages });
    reply.catch(() => {});
    await settle();
    expect(requests.made).toBe(16);
    for (let read = 0; read < 10; read += 1) await reader?.next();
    await settle();
    expect(requests.made).toBe(24);
  });

  it('delivers each message after the latency, in order, behind one timer for each direction', async () => {
    const { stream, clock } = await pair(
      () => ({ value: undefined, messages: values(1, 2, 3), metadata: noMetadata }),
      new MemoryNetwork({ latencyMs: 40 }),
    );
    const taken: unknown[] = [];
    void (async () => {
      for await (const message of (await stream('server')).messages ?? []) taken.push(message);
    })();
    await clock.advance(40);
    await settle();
    await clock.advance(39);
    await settle();
    expect(taken).toEqual([]);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await settle();
    expect(taken).toEqual([1, 2, 3]);
  });

  it('loses what is on its way where the link breaks, and tells both ends at once', async () => {
    const network = new MemoryNetwork({ latencyMs: 40 });
    const { stream, clock, canceled } = await pair(
      () => ({ value: undefined, messages: counting().messages, metadata: noMetadata }),
      network,
    );
    const reply = rejectsWith(() => stream('server'), 'Unavailable');
    await clock.advance(60);
    network.cut('server');
    expect((await reply).executed).toBe('maybe');
    expect(canceled.map(({ code }) => code)).toEqual(['Unavailable']);
    expect(clock.pending).toBe(0);
  });

  it('lets timers and sockets have their turn while an endless stream is read as fast as it is made', async () => {
    const { stream } = await pair(() => ({ value: undefined, messages: counting().messages, metadata: noMetadata }));
    let turns = 0;
    const turn = () => {
      turns += 1;
      setImmediate(turn);
    };
    setImmediate(turn);
    // Bounded, because without such turns nothing could end this test.
    for await (const made of (await stream('server')).messages ?? []) if (turns > 3 || made === 100_000) break;
    expect(turns).toBeGreaterThan(3);
  });

  it('ends reading with what arrived before the server ended, and drops it where the caller cancels', async () => {
    const fail = async function* () {
      yield 1;
      yield 2;
      throw new ServiceError('DataLoss', 'the rest is gone', { executed: 'yes' });
    };
    const failing = await pair(() => ({ value: undefined, messages: fail(), metadata: noMetadata }));
    const failed = iteratorOf(await failing.stream('server'));
    await settle();
    expect(await failed.next()).toEqual({ value: 1, done: false });
    expect(await failed.next()).toEqual({ value: 2, done: false });
    await rejectsWith(() => failed.next(), 'DataLoss');
    expect((await failed.next()).done).toBe(true);

    const endless = await pair(() => ({ value: undefined, messages: counting().messages, metadata: noMetadata }));
    const cancellation = testCancellation();
    const canceled = iteratorOf(await endless.stream('server', { cancellation }));
    await settle();
    cancellation.cancel();
    await rejectsWith(() => canceled.next(), 'Canceled');
    expect((await canceled.next()).done).toBe(true);
  });

  it('answers readers that ask for several messages at once in order', async () => {
    const { stream } = await pair(() => ({ value: undefined, messages: values(1, 2), metadata: noMetadata }));
    const reader = iteratorOf(await stream('server'));
    const results = await Promise.all([reader.next(), reader.next(), reader.next()]);
    expect(results.map(({ value, done }) => (done ? 'end' : value))).toEqual([1, 2, 'end']);
  });

  it.each([
    ['unary', { value: undefined, messages: values(1), metadata: noMetadata }],
    ['client', { value: undefined, messages: values(1), metadata: noMetadata }],
    ['server', { value: 1, metadata: noMetadata }],
    ['bidi', { value: 1, metadata: noMetadata }],
  ] as const)('answers Internal where a %s call is not answered in kind', async (kind, reply: Reply) => {
    const { stream } = await pair(() => reply);
    const error = await rejectsWith(() => stream(kind, { messages: values(1) }), 'Internal');
    expect(error.executed).toBe('yes');
  });

  it('says where the requests are to a handler that looks in the wrong place', async () => {
    const { stream } = await pair((call) => {
      if (call.kind === 'client') call.decode();
      else call.messages();
      return new Promise(() => {});
    });
    const client = await rejectsWith(() => stream('client', { messages: values(1) }), 'InvalidArgument');
    expect(client.rawMessage).toContain('its requests are in messages()');
    const server = await rejectsWith(() => stream('server'), 'InvalidArgument');
    expect(server.rawMessage).toContain('its request is in decode()');
  });

  it('rejects where the requests cannot even be iterated', async () => {
    const mishap = new Error('no iterator');
    const messages = {
      [Symbol.asyncIterator]: (): never => {
        throw mishap;
      },
    };
    const { stream, connection } = await pair(() => new Promise(() => {}));
    expect((await rejectsWith(() => stream('client', { messages }), 'Canceled')).cause).toBe(mishap);
    await connection.drain();
  });

  it('forgets what a producer throws while it cleans up after the end', async () => {
    const untidy = async function* () {
      try {
        for (;;) yield 'message';
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
        throw new Error('while cleaning up');
      }
    };
    const { stream, connection } = await pair(() => ({ value: undefined, messages: untidy(), metadata: noMetadata }));
    const reader = iteratorOf(await stream('bidi', { messages: untidy() }));
    await reader.next();
    await reader.return?.();
    await settle();
    await connection.drain();
  });
});

async function pair(answer: (call: IncomingCall) => Reply | Promise<Reply>, network = new MemoryNetwork()) {
  const clock = new FakeClock();
  const transport = createMemoryTransport({ network }, [createCodec(jsonCodec())], clock);
  const canceled: ServiceError[] = [];
  await transport.listen(
    memoryPort('server'),
    serving(answer, (reason) => canceled.push(reason)),
  );
  const caller = createMemoryTransport({ network, instance: 'caller' }, [createCodec(jsonCodec())], clock);
  const connection = await caller.dial({ id: '', address: 'memory:server', metadata: {} }, { service: 'test' });
  const stream = (kind: EndpointKind, parts: Partial<Call> = {}) =>
    connection.stream({
      endpoint: { service: 'test', name: 'Test.Stream', kind, idempotent: false },
      value: null,
      metadata: noMetadata,
      deadline: Number.POSITIVE_INFINITY,
      ...parts,
    });
  return { connection, clock, canceled, stream };
}

/** Endless messages that count how many were asked for. */
function counting() {
  const counter = { made: 0 };
  const make = async function* () {
    for (;;) {
      counter.made += 1;
      yield counter.made;
    }
  };
  return Object.assign(counter, { messages: make() });
}

async function* values(...messages: readonly unknown[]): AsyncGenerator<unknown> {
  yield* messages;
}

function iteratorOf({ messages }: Reply): AsyncIterator<unknown> {
  if (messages === undefined) throw new Error('the reply has no messages');
  return messages[Symbol.asyncIterator]();
}
