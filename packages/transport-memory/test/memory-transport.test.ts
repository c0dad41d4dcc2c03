import { getEventListeners } from 'node:events';
import { jsonCodec } from '@tenon/codec-json';
import { rejectsWith } from '@tenon/conformance';
import {
  type Call,
  type CallHandler,
  type Codec,
  type Connection,
  type IncomingCall,
  noMetadata,
  ServiceError,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { describe, expect, it } from 'vitest';
import { createCodec, createMemoryTransport, memoryPort } from './fixture.js';

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
    await transport.listen(memoryPort('caller'), { unary: echo });
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
    await one.listen(memoryPort('shared'), { unary: echo });
    const node = { id: 'n', address: 'memory:shared', metadata: {} };
    const connection = await create([json], new FakeClock()).dial(node, { service: 'test' });
    expect((await connection.unary(callOf({ value: 1 }))).value).toBe(1);
    const stranger = createMemoryTransport({}, [json], new FakeClock());
    await rejectsWith(() => stranger.dial(node, { service: 'test' }), 'Unavailable');
  });

  it.each(['server', 'client', 'bidi'] as const)('refuses a %s stream as Unimplemented', async (kind) => {
    const { connection } = await pair([json], echo);
    const endpoint = { service: 'test', name: 'Test.Count', kind, idempotent: false };
    expect((await rejectsWith(() => connection.unary(callOf({ endpoint })), 'Unimplemented')).executed).toBe('no');
  });

  it('refuses replies over the message limit as Internal and executed', async () => {
    const { connection } = await pair([json], async () => ({ value: 'x'.repeat(300_000), metadata: noMetadata }));
    const error = await rejectsWith(() => connection.unary(callOf({})), 'Internal');
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

  it('hands a cancel that came before onCancel to whoever asks later', async () => {
    let incoming: IncomingCall | undefined;
    const { connection, clock } = await pair([json], (call) => {
      incoming = call;
      return new Promise(() => {});
    });
    const ended = rejectsWith(() => connection.unary(callOf({ deadline: 50 })), 'DeadlineExceeded');
    await clock.advance(50);
    await ended;
    const reasons: ServiceError[] = [];
    incoming?.onCancel((reason) => reasons.push(reason));
    expect(reasons.map(({ code }) => code)).toEqual(['DeadlineExceeded']);
  });

  it('holds no timer and no abort listener once a call has ended', async () => {
    const { connection, clock } = await pair([json], echo);
    const { signal } = new AbortController();
    const reply = connection.unary(callOf({ signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await reply;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(clock.pending).toBe(0);
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

const echo: CallHandler['unary'] = async (call) => ({ value: call.decode(), metadata: noMetadata });

async function pair(codecs: readonly Codec[], unary: CallHandler['unary'], network = new MemoryNetwork()) {
  const clock = new FakeClock();
  const server = createMemoryTransport({ network }, codecs, clock);
  const listener = await server.listen(memoryPort('server'), { unary });
  const transport = createMemoryTransport({ network }, codecs, clock);
  const node = { id: 'node', address: 'memory:server', metadata: {} };
  const connection: Connection = await transport.dial(node, { service: 'test' });
  return { transport, connection, listener, clock };
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
