import type { CancelListener, Connection, ServiceError as Failure } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TcpOptions } from '../src/index.js';
import { type ClosableTransport, newTransport, nodeAt, testTls } from './fixture.js';
import { type RawFrame, rawFrame, rawSegment } from './raw-peer.js';
import { RawServer } from './raw-server.js';
import { call, endpointOf, failure, Serving, stream, until } from './serving.js';

let transport: ClosableTransport;
const closings: (() => Promise<void>)[] = [];

beforeEach(() => {
  transport = newTransport();
});

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await transport.close();
});

async function servedBy(
  onFrame: (frame: RawFrame, server: RawServer) => void,
  members: Readonly<Record<string, unknown>> = {},
  options?: TcpOptions,
): Promise<{ server: RawServer; connection: Connection }> {
  const server = await RawServer.welcoming(members, onFrame);
  closings.push(() => server.close());
  if (options !== undefined) {
    await transport.close();
    transport = newTransport({ options });
  }
  const connection = await transport.dial(nodeAt(server.address), { service: 'greeter' });
  closings.push(() => connection.close());
  return { server, connection };
}

/** The names of frames that the client sent, after its greeting. */
function types(server: RawServer): readonly number[] {
  return server.frames.slice(1).map(({ type }) => type);
}

describe('dialling', () => {
  const dial = (address: string, options: TcpOptions = {}): Promise<Failure> => {
    const dialler = newTransport({ options: { connectTimeoutMs: 500, handshakeTimeoutMs: 200, ...options } });
    closings.push(() => dialler.close());
    return failure(dialler.dial(nodeAt(address), { service: 'greeter' }));
  };

  test('a node that says nothing, or breaks off, is unavailable, and no call has run', async () => {
    const silent = await RawServer.start(() => {});
    const rude = await RawServer.start((_frame, server) => server.socket?.destroy());
    const other = await RawServer.start((_frame, server) => server.send(Buffer.from('220 mail.example ESMTP\r\n')));
    for (const server of [silent, rude, other]) {
      closings.push(() => server.close());
      const said = { code: 'Unavailable', executed: 'no', answered: false, service: 'greeter' };
      expect(await dial(server.address)).toMatchObject(said);
    }
  });

  test('a server that drains says so to whoever greets it now', async () => {
    const serving = await Serving.start();
    closings.push(() => serving.close());
    await serving.listener.drain(new AbortController().signal);
    const said = { code: 'Unavailable', executed: 'no', refusal: 'draining', answered: true };
    expect(await dial(serving.node.address)).toMatchObject(said);
  });

  test('a TLS handshake that hangs ends in time, or by aborting', async () => {
    const silent = await RawServer.start(() => {});
    closings.push(() => silent.close());
    const tls = testTls('server');
    const hasty = newTransport({ options: { connectTimeoutMs: 50 }, tls });
    const patient = newTransport({ options: { connectTimeoutMs: 600_000 }, tls });
    closings.push(
      () => hasty.close(),
      () => patient.close(),
    );
    const error = await failure(hasty.dial(nodeAt(silent.address), { service: 'greeter' }));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'no', answered: false });
    expect(error.rawMessage).toContain('50 ms');
    const abort = new AbortController();
    const dialled = patient.dial(nodeAt(silent.address), { service: 'greeter', signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await failure(dialled)).toMatchObject({ code: 'Canceled', executed: 'no' });
  });

  test('a node that refuses says with what code, and no call has run', async () => {
    for (const [number, code, refusal] of [
      [12, 'Unimplemented', undefined],
      [14, 'Unavailable', undefined],
      [7, 'PermissionDenied', undefined],
      [3, 'Unavailable', undefined],
      [0, 'Unavailable', 'draining'],
      [8, 'ResourceExhausted', 'overloaded'],
    ] as const) {
      const server = await RawServer.start((_frame, raw) => {
        raw.send(rawSegment(rawFrame(3, 0, Buffer.concat([Buffer.from([number]), Buffer.from('because')]))));
        raw.socket?.end();
      });
      closings.push(() => server.close());
      const error = await dial(server.address);
      expect(error).toMatchObject({ code, executed: 'no', refusal, answered: true });
      expect(error.rawMessage).toContain('because');
    }
  });

  test('a node of another service, or without a codec in common, is not used', async () => {
    const other = await RawServer.welcoming({ service: 'orders' });
    const foreign = await RawServer.welcoming({ codecs: ['application/x-of-nobody'] });
    closings.push(
      () => other.close(),
      () => foreign.close(),
    );
    expect(await dial(other.address)).toMatchObject({ code: 'Unavailable', executed: 'no' });
    expect(await dial(foreign.address)).toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
  });

  test('a node whose address is no address is not reached', async () => {
    for (const address of ['nowhere', 'host:', 'host:0', 'host:70000', 'a b:1']) {
      expect(transport.reaches(nodeAt(address)), address).toBe(false);
      expect(await dial(address)).toMatchObject({ code: 'Unavailable', executed: 'no' });
    }
    expect(transport.reaches(nodeAt('[::1]:80'))).toBe(true);
    // Of a node without id and metadata only the address is known.
    expect(transport.reaches({ id: '', address: 'host:80', metadata: {} })).toBe(true);
    expect(transport.reaches({ id: 'n', address: 'host:80', metadata: {} })).toBe(false);
    expect(transport.reaches({ id: 'n', address: 'host:80', metadata: { 'tenon-protocols': 'http' } })).toBe(false);
  });

  test('aborting ends the attempt, also while the node keeps silent', async () => {
    const silent = await RawServer.start(() => {});
    closings.push(() => silent.close());
    const abort = new AbortController();
    const dialled = transport.dial(nodeAt(silent.address), { service: 'greeter', signal: abort.signal });
    await until(() => silent.socket !== undefined, 'it connected');
    abort.abort();
    expect(await failure(dialled)).toMatchObject({ code: 'Canceled', executed: 'no' });
  });
});

describe('calls', () => {
  test('beyond the limit of the server wait, in order, and within their deadline', async () => {
    const asked: RawFrame[] = [];
    const { server, connection } = await servedBy((frame) => frame.type === 0x10 && asked.push(frame), {
      limits: { calls: 2, streams: 1 },
    });
    const calls = [1, 2, 3, 4, 5].map((n) => call(connection, 'Hello', n, n === 4 ? 80 : 30_000));
    expect(await failure(calls[3] as Promise<unknown>)).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    expect(asked.map(({ payload }) => payload.at(-1))).toEqual(['1', '2'].map((digit) => digit.charCodeAt(0)));
    for (let answered = 0; answered < 4; answered += 1) {
      await until(() => asked.length > answered, 'the next was sent');
      server.reply(asked[answered]?.id as number, `answer to ${answered}`);
    }
    const values = await Promise.all([0, 1, 2, 4].map(async (n) => (await calls[n])?.value));
    expect(values).toEqual([0, 1, 2, 3].map((n) => `answer to ${n}`));
    expect(new Set(asked.map(({ id }) => id & 0xffff))).toEqual(new Set([0, 1]));
    expect(asked.map(({ id }) => id >>> 16)).toEqual([1, 1, 2, 2]);
  });

  test('that were never written when the connection breaks have certainly not run', async () => {
    const { server, connection } = await servedBy(() => {}, { limits: { calls: 1 } });
    const sent = failure(call(connection, 'Hello', 1));
    const waiting = failure(call(connection, 'Hello', 2));
    await until(() => types(server).includes(0x10), 'the first was sent');
    // In the same tick: this one is in the buffer only.
    server.socket?.destroy();
    expect(await sent).toMatchObject({ code: 'Unavailable', executed: 'maybe', service: 'greeter' });
    expect(await waiting).toMatchObject({ code: 'Unavailable', executed: 'no', endpoint: 'Greeter.Hello' });
    expect(connection.ended).toBe(true);
    expect(await failure(call(connection, 'Hello', 3))).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('in a long request have not run until its last piece has left', async () => {
    const { server, connection } = await servedBy(
      () => {},
      { limits: { messageBytes: 100_000_000 } },
      {
        maxMessageBytes: 100_000_000,
      },
    );
    server.socket?.pause();
    const lost = failure(call(connection, 'Hello', 'x'.repeat(50_000_000)));
    const canceled = failure(call(connection, 'Hello', 'y'.repeat(20_000_000), 50));
    expect(await canceled).toMatchObject({ code: 'DeadlineExceeded', executed: 'no' });
    server.socket?.destroy();
    expect(await lost).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('that are cancelled before any piece has left are not mentioned, and the slot keeps its turn', async () => {
    const asked: RawFrame[] = [];
    const { server, connection } = await servedBy((frame, raw) => {
      if (frame.type !== 0x10) return;
      asked.push(frame);
      raw.reply(frame.id, 'fine');
    });
    const listeners: CancelListener[] = [];
    const cancellation = {
      canceled: undefined,
      listen: (listener: CancelListener) => void listeners.push(listener),
      unlisten: () => {},
    };
    const long = connection.unary({
      endpoint: endpointOf('Hello'),
      value: 'x'.repeat(1_000_000),
      metadata: noMetadata,
      deadline: Number.POSITIVE_INFINITY,
      cancellation,
    });
    listeners[0]?.onCancel(new ServiceError('Canceled', 'never mind'));
    expect(await failure(long)).toMatchObject({ code: 'Canceled', executed: 'no' });
    expect((await call(connection, 'Hello', 1)).value).toBe('fine');
    expect(asked.map(({ id }) => id)).toEqual([0x1_0000]);
    expect(types(server)).not.toContain(0x16);
  });

  test('that the caller gives up are cancelled by name of the reason', async () => {
    const { server, connection } = await servedBy(() => {});
    expect(await failure(call(connection, 'Hello', 1, 60))).toMatchObject({
      code: 'DeadlineExceeded',
      executed: 'maybe',
    });
    await until(() => types(server).includes(0x16), 'the server was told');
    expect(server.frames.find(({ type }) => type === 0x16)?.payload).toEqual(Buffer.from([4]));
  });

  test('of another service, kind or content type are refused here', async () => {
    const { server, connection } = await servedBy(() => {});
    const base = { value: 1, metadata: noMetadata, deadline: Number.POSITIVE_INFINITY };
    const elsewhere = { ...base, endpoint: { ...endpointOf('Hello'), service: 'orders' } };
    const wrongKind = { ...base, endpoint: endpointOf('Hello', 'server') };
    const wrongType = { ...base, endpoint: endpointOf('Hello'), contentType: 'text/x-nobody' };
    expect(await failure(connection.unary(elsewhere))).toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
    expect(await failure(connection.unary(wrongKind))).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(await failure(connection.stream({ ...base, endpoint: endpointOf('Hello') }))).toMatchObject({
      executed: 'no',
    });
    expect(await failure(connection.unary(wrongType))).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(types(server)).toEqual([]);
  });

  test('that name no content type use the preferred one, also after one that named another', async () => {
    const { server, connection } = await servedBy(({ type, id }, raw) => type === 0x10 && raw.reply(id, 1), {
      codecs: ['application/json', 'application/msgpack'],
    });
    const endpoint = endpointOf('Hello');
    const base = { endpoint, value: 1, metadata: noMetadata, deadline: Number.POSITIVE_INFINITY };
    await connection.unary({ ...base, contentType: 'application/json' });
    for (let more = 0; more < 3; more += 1) connection.unary(base).catch(() => {});
    await until(() => types(server).filter((type) => type === 0x10).length === 4, 'all calls came');
    const codecs = server.frames.filter(({ type }) => type === 0x10).map(({ payload }) => payload[2]);
    expect([codecs[0], new Set(codecs.slice(1)).size, codecs[1]]).toEqual([0, 1, 1]);
  });

  test('that make another call in the midst of being written both arrive whole', async () => {
    const { connection } = await servedBy((frame, raw) => {
      if (frame.type === 0x10) raw.reply(frame.id, JSON.parse(frame.payload.toString('utf8', 8)));
    });
    let inner: Promise<{ value: unknown }> | undefined;
    const value = {
      first: 'a'.repeat(30),
      get second() {
        inner = call(connection, 'Inner', { nested: 'b'.repeat(50) });
        return 'c';
      },
      third: 'd'.repeat(4_000),
    };
    const outer = await call(connection, 'Outer', value);
    expect(outer.value).toEqual({ first: 'a'.repeat(30), second: 'c', third: 'd'.repeat(4_000) });
    expect((await inner)?.value).toEqual({ nested: 'b'.repeat(50) });
  });

  test('whose value throws leave the connection as it was', async () => {
    const { connection } = await servedBy((frame, raw) => frame.type === 0x10 && raw.reply(frame.id, 'fine'));
    const value = {
      early: 'a'.repeat(100_000),
      get late(): never {
        throw new Error('no such thing');
      },
    };
    expect(await failure(call(connection, 'Hello', value))).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect((await call(connection, 'Hello', 1)).value).toBe('fine');
  });
});

describe('a server that will stop', () => {
  test('is not called any more, and the connection is left when the last call is over', async () => {
    const asked: RawFrame[] = [];
    const { server, connection } = await servedBy((frame) => frame.type === 0x10 && asked.push(frame), {
      limits: { calls: 1 },
    });
    const underWay = call(connection, 'Hello', 1);
    const waiting = failure(call(connection, 'Hello', 2));
    await until(() => asked.length === 1, 'the call arrived');
    server.send(rawSegment(rawFrame(3, 0, Buffer.from('\u0000be well'))));
    const said = { code: 'Unavailable', executed: 'no', refusal: 'draining', answered: false };
    expect(await waiting).toMatchObject(said);
    expect(connection.ended).toBe(true);
    expect(await failure(call(connection, 'Hello', 3))).toMatchObject(said);
    const closed = new Promise((resolve) => server.socket?.once('close', resolve));
    server.reply(asked[0]?.id as number, 'still');
    expect((await underWay).value).toBe('still');
    await closed;
  });

  test('that ends at once says why', async () => {
    const { server, connection } = await servedBy(() => {});
    const lost = failure(call(connection, 'Hello', 1));
    await until(() => types(server).includes(0x10), 'the call arrived');
    server.send(rawSegment(rawFrame(3, 0, Buffer.from('\u0008too many of you'))));
    const error = await lost;
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'maybe' });
    expect(error.rawMessage).toContain('too many of you');
  });
});

test('two calls of one tick on two connections leave in a write each', async () => {
  const echo = (frame: RawFrame, raw: RawServer): void => {
    if (frame.type === 0x10) raw.reply(frame.id, frame.payload.toString('utf8', 8));
  };
  const one = await servedBy(echo);
  const other = await servedBy(echo);
  const replies = await Promise.all([call(one.connection, 'Hello', 1), call(other.connection, 'Hello', 2)]);
  expect(replies.map(({ value }) => value)).toEqual(['1', '2']);
});

test('a stream whose caller leaves is cancelled, and its late messages give credit back', async () => {
  const { server, connection } = await servedBy((frame, raw) => {
    if (frame.type !== 0x10) return;
    raw.send(rawSegment(rawFrame(0x11, frame.id, Buffer.alloc(1)), rawFrame(0x12, frame.id, Buffer.from('1'))));
  });
  const reply = await stream(connection, 'Count', 'server', { value: 1 });
  for await (const message of reply.messages as AsyncIterable<unknown>) {
    expect(message).toBe(1);
    break;
  }
  await until(() => types(server).includes(0x16), 'it was cancelled');
  const { id } = server.frames.find(({ type }) => type === 0x10) as RawFrame;
  for (let n = 0; n < 9; n += 1) server.send(rawSegment(rawFrame(0x12, id, Buffer.alloc(65_000))));
  await until(() => server.frames.some(({ type, id: of }) => type === 0x18 && of === 0), 'credit came back');
  expect(connection.ended).not.toBe(true);
});
