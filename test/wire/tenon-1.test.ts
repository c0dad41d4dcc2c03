import { tcpTransport } from '@tenon/transport-tcp';
import { type App, createApp } from 'tenon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RefusedRow, readRefusedTable } from './golden-table.js';
import { Greeter } from './greeter.js';
import { RawPeer } from './raw-peer.js';
import { connect } from './tenon-1-client.mjs';
import { callId, frameBytes, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';

type Client = Awaited<ReturnType<typeof connect>>;

let app: App;
let port: number;
let greeter: Greeter;
const closings: (() => unknown)[] = [];

beforeEach(async () => {
  app = await createApp({
    profile: 'test',
    log: { level: 'silent' },
    // Three thousand calls at once are none too many here, however cold the thread is.
    server: { listen: '127.0.0.1:0', queue: { targetMs: 10_000, intervalMs: 10_000 } },
    services: [Greeter],
    modules: [tcpTransport()],
  });
  await app.start();
  greeter = app.get(Greeter);
  port = Number(app.address?.listen.split(':').at(-1));
});

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
  await app.close();
});

async function dial(options = {}): Promise<Client> {
  const client = await connect({ port, service: 'greeter', ...options });
  closings.push(() => client.close());
  return client;
}

describe('a client that was written from the page alone', () => {
  test('is welcomed by the service, and by a process that says which it is', async () => {
    const { welcome } = await dial();
    const process = expect.stringMatching(/./);
    expect(welcome).toMatchObject({ service: 'greeter', instance: process, version: '1.2.0' });
    expect(welcome.node).toBe(`greeter-${welcome.instance}`);
    expect(welcome.codecs).toContain('application/json');
    expect((await dial()).welcome.instance).toBe(welcome.instance);
  });

  test('calls, with metadata both ways and the time that is left', async () => {
    const client = await dial();
    for (const tenant of ['acme', 'Zoë', '']) {
      const options = { metadata: { tenant, other: tenant }, timeoutMs: 20_000 };
      const { value, metadata } = await client.unary('Greeter.Hello', { name: 'Ada' }, options);
      expect(value.greeting).toBe('hello Ada');
      expect(value.timeLeftMs).toBeGreaterThan(0);
      expect(value.timeLeftMs).toBeLessThanOrEqual(20_000);
      expect(metadata).toEqual({ 'served-by': 'tenon', tenant });
    }
  });

  test('has many calls under way at once, and uses its slots again', async () => {
    const client = await dial();
    const sums = Array.from({ length: 3_000 }, async (_, n) => (await client.unary('Greeter.Echo', n)).value);
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
  });

  test('sends and gets what is larger than a frame', async () => {
    const client = await dial();
    const text = 'aé'.repeat(500_000);
    expect((await client.unary('Greeter.Echo', text)).value === text).toBe(true);
  });

  test('gets small replies while a large one is under way', async () => {
    const client = await dial();
    const order: string[] = [];
    const large = client.unary('Greeter.Letters', 2_000_000).then(({ value }: { value: string }) => {
      order.push('large');
      return value.length;
    });
    await client.unary('Greeter.Echo', 'small');
    order.push('small');
    expect(await large).toBe(2_000_000);
    expect(order).toEqual(['small', 'large']);
  });

  test('reads a stream whose messages are larger than its windows', async () => {
    const client = await dial({ limits: { window: 1_024, connectionWindow: 65_536 } });
    const call = await client.open('server', 'Greeter.Count', { to: 30, pad: 100_000 });
    let letters = 0;
    for await (const { pad } of call) letters += pad.length;
    expect(letters).toBe(3_000_000);
    expect(await call.head).toEqual({ 'served-by': 'tenon' });
  });

  test('is not held up by 64 streams that it does not read', async () => {
    const client = await dial({ limits: { connectionWindow: 65_536 } });
    for (let index = 0; index < 64; index += 1) await client.open('server', 'Greeter.Count', { to: 100, pad: 10_000 });
    let count = 0;
    for await (const _ of await client.open('server', 'Greeter.Count', { to: 50, pad: 10_000 })) count += 1;
    expect(count).toBe(50);
    expect((await client.unary('Greeter.Echo', 'through')).value).toBe('through');
  });

  test('leaves a stream early, and the handler feels it', async () => {
    const client = await dial();
    for await (const { n } of await client.open('server', 'Greeter.Count', { to: 1_000_000, pad: 1_000 })) {
      if (n === 3) break;
    }
    await greeter.untilEnded(1);
    expect(greeter.ended[0]).toMatch(/^count at \d{1,5}$/);
  });

  test('streams requests, some larger than the window', async () => {
    const client = await dial();
    const call = await client.open('client', 'Greeter.Sum');
    const texts = ['', 'a', 'b'.repeat(70_000), 'c'.repeat(1_000_000), 'd'];
    for (const text of texts) expect(await call.send(text)).toBe(true);
    call.end();
    const { value } = await call.reply;
    expect(value).toEqual({ messages: 5, letters: 1_070_012 });
  });

  test('streams no requests at all', async () => {
    const call = await (await dial()).open('client', 'Greeter.Sum');
    call.end();
    expect((await call.reply).value).toEqual({ messages: 0, letters: 0 });
  });

  test('is told where requests are read no more', async () => {
    const client = await dial();
    const counted = await client.open('client', 'Greeter.First');
    await counted.send('one');
    expect((await counted.reply).value).toEqual({ first: 'one' });
    expect(await counted.send('two')).toBe(false);

    const stopped = await client.open('bidi', 'Greeter.Once');
    await stopped.send('one');
    const heard: unknown[] = [];
    for await (const message of stopped) heard.push(message);
    expect(heard).toEqual([{ heard: 'one' }, { n: 1 }, { n: 2 }, { n: 3 }]);
  });

  test('talks both ways', async () => {
    const client = await dial();
    const call = await client.open('bidi', 'Greeter.Chat');
    const replies = call[Symbol.asyncIterator]();
    for (const word of ['a', 'b'.repeat(200_000), 'c']) {
      await call.send(word);
      expect(await replies.next()).toEqual({ done: false, value: { heard: word } });
    }
    call.end();
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  test('gets errors with code, record, details and whether the handler ran', async () => {
    const client = await dial();
    await expect(client.unary('Greeter.Refuse', {})).rejects.toMatchObject({
      code: 5,
      message: expect.stringContaining('nobody is here'),
      executed: 'yes',
      details: { looked: ['everywhere'] },
    });
    const internal = await client.unary('Greeter.Fail', {}).catch((error: unknown) => error);
    expect(internal).toMatchObject({ code: 13, executed: 'yes', record: { correlationId: expect.any(String) } });
    expect(JSON.stringify([internal.message, internal.record])).not.toContain('secret');
    await expect(client.unary('Greeter.None', {})).rejects.toMatchObject({ code: 12, executed: 'no' });
    await expect(client.unary('Greeter.Count', {})).rejects.toMatchObject({ code: 12, executed: 'no' });
    const wrongKind = await client.open('bidi', 'Greeter.Hello');
    await expect(wrongKind[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 12, executed: 'no' });
  });

  test('gets the messages of a stream before its error', async () => {
    const call = await (await dial()).open('server', 'Greeter.Count', { to: 2, fails: true });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { n } of call) seen.push(n);
    };
    await expect(read()).rejects.toMatchObject({ code: 10, executed: 'yes' });
    expect(seen).toEqual([1, 2]);
  });

  test('cancels, and the handler feels it', async () => {
    const client = await dial();
    const call = await client.open('unary', 'Greeter.Wait', {});
    await client.ping();
    call.cancel();
    await expect(call.reply).rejects.toMatchObject({ code: 1 });
    await greeter.untilEnded(1);
    expect(greeter.ended).toEqual(['wait']);
  });

  test('runs out of time, and the handler feels it', async () => {
    const client = await dial();
    await expect(client.unary('Greeter.Wait', {}, { timeoutMs: 60 })).rejects.toMatchObject({ code: 4 });
    await greeter.untilEnded(1);
  });

  test('is refused where the service is another', async () => {
    const other = (named: string): Promise<Client> => connect({ port, service: 'other', node: named });
    await expect(other('')).rejects.toMatchObject({ code: 12, executed: 'no' });
    await expect(other('other-7')).rejects.toMatchObject({ code: 14, executed: 'no' });
    expect((await dial({ node: 'greeter-of-yesterday' })).welcome.service).toBe('greeter');
  });

  test('is told of the end, and what is under way ends well', async () => {
    const client = await dial();
    const call = await client.open('server', 'Greeter.Count', { to: 40, pad: 5_000 });
    await call.head;
    const drained = app.drain();
    let count = 0;
    for await (const _ of call) count += 1;
    expect(count).toBe(40);
    expect(await client.ended).toMatchObject({ code: 0 });
    await drained;
  });

  test('ends the connection itself when it has said so and its last call is over', async () => {
    const client = await dial();
    const call = await client.open('bidi', 'Greeter.Chat');
    const drained = client.drain();
    await expect(client.unary('Greeter.Echo', 1)).rejects.toMatchObject({ code: 14, executed: 'no' });
    await call.send('still');
    call.end();
    const heard: unknown[] = [];
    for await (const message of call) heard.push(message);
    expect(heard).toEqual([{ heard: 'still' }]);
    await drained;
  });
});

describe('bytes that were written by hand', () => {
  const nameOf = (name: string, kind: string): Buffer =>
    frameBytes(types.NAME, 0, payloads.nameBytes({ number: 0, name, kind }));
  const json = 'application/json';

  async function open(): Promise<{
    readonly peer: RawPeer;
    readonly call: (id: number, text: string, more?: boolean) => Buffer;
  }> {
    const peer = await RawPeer.open(port);
    closings.push(() => peer.close());
    const { codecs } = payloads.readGreeting(peer.frames[0]!.payload);
    const call = (id: number, text: string, more = false): Buffer => {
      const request = Buffer.from(text);
      return frameBytes(types.CALL, id, payloads.callBytes({ endpoint: 0, codec: codecs.indexOf(json), request }), {
        more,
      });
    };
    return { peer, call };
  }

  test.each(readRefusedTable())('are refused: $id, $what', async (row) => {
    expect(await refusalOf(row)).toMatchObject({ name: 'GOAWAY', code: 3 });
  });

  test('are read byte by byte', async () => {
    const { peer, call } = await open();
    const bytes = [nameOf('Greeter.Echo', 'unary'), call(callId(0, 1), '"whole"')];
    peer.sendSlowly(...bytes);
    const { reply } = payloads.readReply((await peer.next('REPLY', 0)).payload);
    expect(reply.toString()).toBe('"whole"');
  });

  test('are answered with ERROR 3, `no`, where a request is not JSON', async () => {
    const { peer, call } = await open();
    peer.sendFrames(nameOf('Greeter.Echo', 'unary'), call(callId(0, 1), '{"nam'));
    const error = payloads.readError((await peer.next('ERROR', 0)).payload);
    expect(error).toMatchObject({ code: 3, executed: 'no' });
  });

  test('are answered with ERROR 8, `no`, where a request is too large, and the rest is dropped', async () => {
    const { peer, call } = await open();
    const piece = Buffer.alloc(65_536, 'x');
    peer.sendFrames(nameOf('Greeter.Echo', 'unary'), call(callId(0, 1), '"', true));
    for (let sent = 0; sent <= 4_194_304; sent += piece.length) {
      peer.sendFrames(frameBytes(types.REST, callId(0, 1), piece, { more: true }));
    }
    const error = payloads.readError((await peer.next('ERROR', 0)).payload);
    expect(error).toMatchObject({ code: 8, executed: 'no' });
    peer.sendFrames(frameBytes(types.REST, callId(0, 1), piece), call(callId(0, 2), '"next"'));
    const { reply } = payloads.readReply((await peer.next('REPLY', 0)).payload);
    expect(reply.toString()).toBe('"next"');
  });

  test('that are a call after GOAWAY are refused with ERROR 14, `no`', async () => {
    const { peer, call } = await open();
    peer.sendFrames(nameOf('Greeter.Chat', 'bidi'), call(callId(0, 1), ''));
    peer.sendFrames(frameBytes(types.DATA, callId(0, 1), Buffer.from('1')));
    await peer.next('DATA', 0);
    const drained = app.drain();
    await peer.next('GOAWAY', 0);
    peer.sendFrames(call(callId(1, 1), ''));
    const refusal = await peer.next('ERROR', 0);
    expect(refusal.call).toBe(callId(1, 1));
    expect(payloads.readError(refusal.payload)).toMatchObject({ code: 14, executed: 'no' });
    peer.sendFrames(frameBytes(types.END, callId(0, 1), Buffer.alloc(0)));
    await peer.next('END', 0);
    peer.close();
    await drained;
  });

  test('that are late are ignored: frames of a call that is over, and of an earlier turn', async () => {
    const { peer, call } = await open();
    const end = frameBytes(types.END, callId(0, 1), Buffer.alloc(0));
    const data = frameBytes(types.DATA, callId(0, 1), Buffer.from('"late"'));
    const cancel = frameBytes(types.CANCEL, callId(0, 1), Buffer.from([1]));
    peer.sendFrames(nameOf('Greeter.Sum', 'client'), call(callId(0, 1), ''), cancel, data, end, cancel);
    peer.sendFrames(call(callId(0, 2), ''), data, end, frameBytes(types.END, callId(0, 2), Buffer.alloc(0)));
    const reply = await peer.next('REPLY', 0);
    expect(reply.call).toBe(callId(0, 2));
    expect(payloads.readReply(reply.payload).reply.toString()).toBe('{"messages":0,"letters":0}');
    expect(peer.frames.filter(({ call: id }) => id === callId(0, 1))).toEqual([]);
  });

  test('use slot 0 again after its last turn', async () => {
    const { peer, call } = await open();
    peer.sendFrames(nameOf('Greeter.Echo', 'unary'));
    // A call that is cancelled is over at once, so that nothing has to be waited for.
    for (let turn = 1; turn <= 65_535; ) {
      const frames: Buffer[] = [];
      for (const last = turn + 1_000; turn < last && turn <= 65_535; turn += 1) {
        const cancel = frameBytes(types.CANCEL, callId(0, turn), Buffer.from([1]));
        frames.push(call(callId(0, turn), '1'), cancel);
      }
      peer.sendFrames(...frames);
    }
    peer.sendFrames(call(callId(0, 1), '"again"'));
    // The answer comes last: only the newest frame is looked at, for there are many.
    const isAnswer = ({ frames }: RawPeer): boolean => {
      const { name, call: id, payload } = frames.at(-1)!;
      return name === 'REPLY' && id === callId(0, 1) && payload.includes('again');
    };
    await peer.until(isAnswer, 25_000);
  });

  test('that are unknown and optional are ignored', async () => {
    const { peer } = await open();
    const unknown = [0x3f, 0x30].map((type) => frameBytes(type, 9, Buffer.from('?'), { optional: true }));
    peer.sendFrames(...unknown, frameBytes(types.PING, 0, Buffer.from('12345678')));
    expect((await peer.next('PONG', 0)).payload.toString()).toBe('12345678');
  });

  test('over the credit of a call are a protocol error: its handler reads nothing, so none came back', async () => {
    const { peer, call } = await open();
    peer.sendFrames(nameOf('Greeter.Idle', 'client'), call(callId(0, 1), ''));
    const message = frameBytes(types.DATA, callId(0, 1), Buffer.from(JSON.stringify('x'.repeat(32_000))));
    for (let count = 0; count < 40; count += 1) peer.sendFrames(message);
    await peer.end();
    expect(payloads.readGoaway(peer.frames.at(-1)!.payload)).toMatchObject({ code: 3 });
    const credit = peer.frames.filter(({ name, call: id }) => name === 'CREDIT' && id !== 0);
    expect(credit).toEqual([]);
    await greeter.untilEnded(1);
    expect(greeter.ended).toEqual(['idle']);
  });

  /** What the server says to a row of the refused bytes before it closes. */
  async function refusalOf(row: RefusedRow): Promise<unknown> {
    const peer = row.when === 'open' ? await RawPeer.open(port) : new RawPeer(port);
    closings.push(() => peer.close());
    if (row.when === 'hello') peer.send(Buffer.from('tenon/1\n'));
    peer.send(row.bytes);
    await peer.end();
    const last = peer.frames.at(-1);
    return last?.name === 'GOAWAY' ? { name: last.name, ...payloads.readGoaway(last.payload) } : last;
  }
});
