import { getEventListeners } from 'node:events';
import { jsonCodec } from '@tenon/codec-json';
import { rejectsWith, testCancellation } from '@tenon/conformance';
import { type Call, type Codec, type Connection, noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { describe, expect, it } from 'vitest';
import { createCodec, createMemoryTransport, memoryPort } from './fixture.js';
import { echo, serving } from './serving.js';

const json = createCodec(jsonCodec());

describe('memoryTransport', () => {
  it('prefers msgpack where it is bound, wherever it stands', async () => {
    const received: string[] = [];
    const { connection } = await pair([json, named('application/msgpack')], async (call) => {
      received.push(call.contentType);
      return { value: 1, metadata: noMetadata };
    });
    await connection.unary(callOf({}));
    await connection.unary(callOf({ contentType: 'text/json' }));
    expect(received).toEqual(['application/msgpack', 'application/json']);
  });

  it('takes the first codec where msgpack is not bound', async () => {
    const received: string[] = [];
    const { connection } = await pair([named('application/x-first'), json], async (call) => {
      received.push(call.contentType);
      return { value: 1, metadata: noMetadata };
    });
    await connection.unary(callOf({}));
    expect(received).toEqual(['application/x-first']);
  });

  it('says what to bind where no codec is bound', () => {
    expect(() => createMemoryTransport({}, [])).toThrow('add jsonCodec() or msgpackCodec() to the modules');
  });

  it('answers in the content type of the request', async () => {
    const written: string[] = [];
    const { connection } = await pair([watched(json, written), watched(named('application/x-other'), written)], echo);
    await connection.unary(callOf({ contentType: 'application/x-other' }));
    expect(written).toEqual(['application/x-other', 'application/x-other']);
  });

  it('reaches nodes by address, and by the protocols and the instance of their metadata', async () => {
    const { transport } = await pair([json], echo);
    const node = (address: string, metadata: Record<string, string>) => ({ id: 'n', address, metadata });
    expect(transport.reaches(node('memory:b', {}))).toBe(true);
    expect(transport.reaches(node('10.0.0.1:1', { 'tenon-protocols': 'http, memory' }))).toBe(true);
    expect(transport.reaches(node('10.0.0.1:1', { 'tenon-protocols': 'http' }))).toBe(false);
    expect(transport.reaches(node('10.0.0.1:1', { 'tenon-instance': 'server' }))).toBe(false);
    const beside = node('10.0.0.1:1', { 'tenon-protocols': 'http,memory', 'tenon-instance': 'server' });
    const connection = await transport.dial(beside, { service: 'test' });
    expect((await connection.unary(callOf({ value: 'hello' }))).value).toBe('hello');
  });

  it('tells the server which node was chosen', async () => {
    const nodes: (string | undefined)[] = [];
    const { transport } = await pair([json], async (call) => {
      nodes.push(call.node);
      return echo(call);
    });
    for (const id of ['node-7', '']) {
      const connection = await transport.dial({ id, address: 'memory:server', metadata: {} }, { service: 'test' });
      await connection.unary(callOf({}));
    }
    expect(nodes).toEqual(['node-7', undefined]);
  });

  it('names the caller by the address it listens on, once it does', async () => {
    const peers: string[] = [];
    const network = new MemoryNetwork();
    const { connection, transport } = await pair(
      [json],
      async (call) => {
        peers.push(call.peer.address);
        return echo(call);
      },
      network,
    );
    await connection.unary(callOf({}));
    await transport.listen(memoryPort('caller'), serving(echo));
    await connection.unary(callOf({}));
    expect(peers).toEqual(['memory:', 'memory:caller']);
  });

  it('shares a network among those that list one provider, and with nobody else', async () => {
    const provider = memoryTransport();
    const create = provider.create as (
      codecs: readonly Codec[],
      clock: FakeClock,
    ) => ReturnType<typeof createMemoryTransport>;
    const one = create([json], new FakeClock());
    await one.listen(memoryPort('shared'), serving(echo));
    const node = { id: 'n', address: 'memory:shared', metadata: {} };
    const connection = await create([json], new FakeClock()).dial(node, { service: 'test' });
    expect((await connection.unary(callOf({ value: 1 }))).value).toBe(1);
    const stranger = createMemoryTransport({}, [json], new FakeClock());
    await rejectsWith(() => stranger.dial(node, { service: 'test' }), 'Unavailable');
  });

  it('refuses replies over the message limit, which counts as executed', async () => {
    const { connection } = await pair([json], async () => ({ value: 'x'.repeat(300_000), metadata: noMetadata }));
    const error = await rejectsWith(() => connection.unary(callOf({})), 'ResourceExhausted');
    expect(error.executed).toBe('yes');
    expect(error.rawMessage).toContain('over the limit of 262144');
  });

  it('refuses reply metadata that no wire could carry as Internal and executed', async () => {
    const { connection } = await pair([json], async () => ({ value: 1, metadata: { 'x-split': 'a\r\nb: c' } }));
    expect((await rejectsWith(() => connection.unary(callOf({})), 'Internal')).executed).toBe('yes');
  });

  it('sends an error whose details cannot be encoded without them, and says so', async () => {
    const { connection } = await pair([json], async () => {
      throw new ServiceError('NotFound', 'no order 42', { details: { callback: () => 1 }, executed: 'yes' });
    });
    const error = await rejectsWith(() => connection.unary(callOf({})), 'NotFound');
    expect(error.rawMessage).toBe('no order 42 (its details cannot be encoded as application/json)');
    expect(error.details).toBeUndefined();
    expect(error.executed).toBe('yes');
  });

  it('hands on an error whose details the caller cannot read without them, and says so', async () => {
    const unreadable: Codec = {
      contentType: 'application/json',
      aliases: [],
      capabilities: json.capabilities,
      open: () => ({
        encoder: () => json.open().encoder(),
        decoder: () => () => {
          throw new ServiceError('InvalidArgument', 'unreadable', { executed: 'no' });
        },
      }),
    };
    const { connection } = await pair([unreadable], async () => {
      throw new ServiceError('NotFound', 'no order 42', { details: { order: 42 }, executed: 'yes' });
    });
    const error = await rejectsWith(() => connection.unary(callOf({})), 'NotFound');
    expect(error.rawMessage).toBe('no order 42 (its details cannot be read as application/json)');
    expect(error.executed).toBe('yes');
  });

  it('keeps the text of an error that is no ServiceError from the caller', async () => {
    const { connection } = await pair([json], async () => {
      throw new Error('the password is hunter2');
    });
    const error = await rejectsWith(() => connection.unary(callOf({})), 'Internal');
    expect(error.message).not.toContain('hunter2');
    expect(error.cause).toBeUndefined();
  });

  it('tells a handler that made its own caller leave', async () => {
    const cancellation = testCancellation();
    const { connection, canceled } = await pair([json], () => {
      cancellation.cancel();
      return new Promise(() => {});
    });
    await rejectsWith(() => connection.unary(callOf({ cancellation })), 'Canceled');
    expect(canceled.map(({ code }) => code)).toEqual(['Canceled']);
  });

  it('tells a handler that closed its own listener', async () => {
    const { connection, listener, canceled } = await pair([json], () => {
      void listener.close();
      return new Promise(() => {});
    });
    await rejectsWith(() => connection.unary(callOf({})), 'Unavailable');
    expect(canceled.map(({ code }) => code)).toEqual(['Unavailable']);
  });

  it('keeps the cause of a cancel from the handler', async () => {
    const cancellation = testCancellation();
    const { connection, canceled } = await pair([json], () => new Promise(() => {}));
    const ended = rejectsWith(() => connection.unary(callOf({ cancellation })), 'Canceled');
    await new Promise(setImmediate);
    cancellation.cancel(
      new ServiceError('Canceled', 'gave up', { cause: new Error('at home'), details: { secret: 1 } }),
    );
    await ended;
    expect(canceled[0]?.rawMessage).toBe('gave up');
    expect(canceled[0]?.cause).toBeUndefined();
    expect(canceled[0]?.details).toBeUndefined();
  });

  it('has one timer for the deadlines of all calls, and none once its connections are closed', async () => {
    const { connection, transport, clock } = await pair([json], echo);
    await Promise.all([1, 2, 3].map((deadline) => connection.unary(callOf({ deadline: deadline * 100 }))));
    expect(clock.pending).toBe(1);
    const another = await transport.dial({ id: '', address: 'memory:server', metadata: {} }, { service: 'test' });
    await another.close();
    await connection.close();
    expect(clock.pending).toBe(0);
  });

  it('keeps the deadlines of one connection when another is closed', async () => {
    const { connection, transport, clock } = await pair([json], () => new Promise(() => {}));
    const another = await transport.dial({ id: '', address: 'memory:server', metadata: {} }, { service: 'test' });
    const late = rejectsWith(() => connection.unary(callOf({ deadline: 100 })), 'DeadlineExceeded');
    await another.close();
    await clock.advance(100);
    await late;
  });

  it('holds no abort listener once a listener has drained', async () => {
    let release = () => {};
    const { connection, listener } = await pair([json], async (call) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return echo(call);
    });
    const reply = connection.unary(callOf({}));
    await new Promise(setImmediate);
    const { signal } = new AbortController();
    const drained = listener.drain(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    release();
    await reply;
    await drained;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

async function pair(codecs: readonly Codec[], answer: Parameters<typeof serving>[0], network = new MemoryNetwork()) {
  const clock = new FakeClock();
  const server = createMemoryTransport({ network }, codecs, clock);
  const canceled: ServiceError[] = [];
  const listener = await server.listen(
    memoryPort('server'),
    serving(answer, (reason) => canceled.push(reason)),
  );
  const transport = createMemoryTransport({ network }, codecs, clock);
  const node = { id: 'node', address: 'memory:server', metadata: {} };
  const connection: Connection = await transport.dial(node, { service: 'test' });
  return { transport, connection, listener, clock, canceled };
}

function callOf(parts: Partial<Call>): Call {
  return {
    endpoint: { service: 'test', name: 'Test.Echo', kind: 'unary', idempotent: false },
    value: null,
    metadata: noMetadata,
    deadline: 1_000,
    ...parts,
  };
}

/** The JSON codec under another name. */
function named(contentType: string): Codec {
  return { contentType, aliases: [], capabilities: json.capabilities, open: () => json.open() };
}

/** A codec that notes its content type whenever it writes. */
function watched(codec: Codec, written: string[]): Codec {
  const session = codec.open();
  const { contentType, aliases, capabilities } = codec;
  return {
    contentType,
    aliases,
    capabilities,
    open: () => ({
      encoder: () => (value, sink) => {
        written.push(contentType);
        session.encoder()(value, sink);
      },
      decoder: () => session.decoder(),
    }),
  };
}
