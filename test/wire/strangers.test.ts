import { afterEach, describe, expect, test } from 'vitest';
import { readRefusedTable } from './golden-table.js';
import { RawPeer } from './raw-peer.js';
import { CallError } from './tenon-1-call.mjs';
import { connect } from './tenon-1-client.mjs';
import { callId, frameBytes, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';
import { serve } from './tenon-1-server.mjs';

// The client and the server of this folder against each other: what they say about the page before Tenon is asked.

type Server = Awaited<ReturnType<typeof serve>>;
type Client = Awaited<ReturnType<typeof connect>>;

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** A server of `greeter`, and whether and why the handler of `Greeter.Wait` was told to stop. */
async function greeter(options = {}): Promise<Server & { readonly stopped: string[] }> {
  const stopped: string[] = [];
  const wait = (_request: unknown, { signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        stopped.push(signal.reason.message);
        reject(signal.reason);
      });
    });
  const server = await serve({
    service: 'greeter',
    node: 'greeter-1',
    endpoints: {
      'Greeter.Hello': {
        kind: 'unary',
        handle: async ({ name }: { name: string }, context: Context) => {
          context.replyMetadata.region = 'eu';
          return { greeting: `hello ${name}`, tenant: context.metadata.tenant, timeLeftUs: context.timeLeftUs };
        },
      },
      'Greeter.Echo': { kind: 'unary', handle: async (request: unknown) => request },
      'Greeter.Length': { kind: 'unary', handle: async ({ length }: string) => length },
      'Greeter.Letters': { kind: 'unary', handle: async (length: number) => 'x'.repeat(length) },
      'Greeter.Wait': { kind: 'unary', handle: wait },
      'Greeter.Sizes': {
        kind: 'server',
        async *handle(sizes: readonly number[]) {
          for (const size of sizes) yield 'x'.repeat(size);
        },
      },
      'Greeter.Refuse': {
        kind: 'unary',
        handle: async () => {
          throw new CallError(5, 'nobody is here', { details: { looked: ['everywhere'] } });
        },
      },
      'Greeter.Count': {
        kind: 'server',
        async *handle({ to, pad = 0, fail = false }: { to: number; pad?: number; fail?: boolean }) {
          for (let n = 1; n <= to; n += 1) yield { n, pad: 'x'.repeat(pad) };
          if (fail) throw new CallError(10, 'it went wrong');
        },
      },
    },
    ...options,
  });
  closings.push(() => server.close());
  return Object.assign(server, { stopped });
}

interface Context {
  readonly metadata: Record<string, string>;
  readonly timeLeftUs: number;
  readonly replyMetadata: Record<string, string>;
}

async function dial(port: number, options = {}): Promise<Client> {
  const client = await connect({ port, service: 'greeter', ...options });
  closings.push(() => client.close());
  return client;
}

describe('a stranger’s client at a stranger’s server', () => {
  test('calls, with metadata and the time that is left', async () => {
    const { port } = await greeter();
    const client = await dial(port);
    for (let round = 0; round < 3; round += 1) {
      const { value, metadata } = await client.unary(
        'Greeter.Hello',
        { name: 'Ada' },
        { metadata: { tenant: 'acme' }, timeoutMs: 30_000 },
      );
      expect(value).toMatchObject({ greeting: 'hello Ada', tenant: 'acme' });
      expect(value.timeLeftUs).toBeGreaterThan(0);
      expect(value.timeLeftUs).toBeLessThanOrEqual(30_000_000);
      expect(metadata).toEqual({ region: 'eu' });
    }
  });

  test('uses its slots again, with many calls under way at once', async () => {
    const { port } = await greeter({ limits: { calls: 4 } });
    const client = await dial(port);
    const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const replies = await Promise.all(names.map((name) => client.unary('Greeter.Hello', { name })));
    expect(replies.map(({ value }) => value.greeting)).toEqual(names.map((name) => `hello ${name}`));
  });

  test('sends and gets what is larger than a frame', async () => {
    const { port } = await greeter();
    const text = 'aé'.repeat(500_000);
    const { value } = await (await dial(port)).unary('Greeter.Echo', text);
    expect(value === text).toBe(true);
  });

  test.each([
    ['request', 'Greeter.Length', 'x'.repeat(2_000_000), 2_000_000],
    ['reply', 'Greeter.Letters', 2_000_000, 'x'.repeat(2_000_000)],
  ])('lets small calls pass a large %s', async (_which, endpoint, request, expected) => {
    const { port } = await greeter();
    const client = await dial(port);
    const order: string[] = [];
    const large = client.unary(endpoint, request).then(({ value }: { value: unknown }) => {
      order.push('large');
      return value === expected;
    });
    await client.unary('Greeter.Echo', 'small');
    order.push('small');
    expect(await large).toBe(true);
    expect(order).toEqual(['small', 'large']);
  });

  test('gets a message that began to grow behind one that nobody had read yet', async () => {
    const { port } = await greeter();
    const client = await dial(port, { limits: { window: 1_024 } });
    const call = await client.open('server', 'Greeter.Sizes', [400, 5_000, 10]);
    await call.head;
    // What the window has room for is here before anything is read.
    await client.ping();
    const sizes: number[] = [];
    for await (const { length } of call) sizes.push(length);
    expect(sizes).toEqual([400, 5_000, 10]);
  });

  test('reads a stream that is larger than every window', async () => {
    const { port } = await greeter();
    const client = await dial(port, { limits: { window: 1_024, connectionWindow: 65_536 } });
    const call = await client.open('server', 'Greeter.Count', { to: 40, pad: 20_000 });
    let sum = 0;
    for await (const { n, pad } of call) sum += n + pad.length;
    expect(sum).toBe(820 + 40 * 20_000);
    expect(await call.head).toEqual({});
  });

  test('is not held up by streams that nobody reads', async () => {
    const { port } = await greeter();
    const client = await dial(port, { limits: { window: 65_536, connectionWindow: 65_536 } });
    for (let index = 0; index < 20; index += 1) await client.open('server', 'Greeter.Count', { to: 100, pad: 10_000 });
    const read = await client.open('server', 'Greeter.Count', { to: 30, pad: 10_000 });
    let count = 0;
    for await (const _ of read) count += 1;
    expect(count).toBe(30);
  });

  test('leaves a stream early, and calls on', async () => {
    const { port } = await greeter();
    const client = await dial(port);
    for await (const { n } of await client.open('server', 'Greeter.Count', { to: 1_000, pad: 1_000 })) {
      if (n === 3) break;
    }
    expect((await client.unary('Greeter.Echo', 1)).value).toBe(1);
  });

  test('gets errors with code, details and whether the handler ran', async () => {
    const { port } = await greeter();
    const client = await dial(port);
    await expect(client.unary('Greeter.Refuse', {})).rejects.toMatchObject({
      code: 5,
      message: 'nobody is here',
      executed: 'yes',
      details: { looked: ['everywhere'] },
      record: { service: 'greeter', endpoint: 'Greeter.Refuse', node: 'greeter-1' },
    });
    await expect(client.unary('Greeter.None', {})).rejects.toMatchObject({ code: 12, executed: 'no' });
    const wrongKind = await client.open('bidi', 'Greeter.Hello');
    await expect(wrongKind[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 12, executed: 'no' });
    const failing = await client.open('server', 'Greeter.Count', { to: 2, fail: true });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { n } of failing) seen.push(n);
    };
    await expect(read()).rejects.toMatchObject({ code: 10, executed: 'yes' });
    expect(seen).toEqual([1, 2]);
  });

  test('cancels, and runs out of time', async () => {
    const { port, stopped } = await greeter();
    const client = await dial(port);
    const call = await client.open('unary', 'Greeter.Wait', {});
    call.cancel();
    await expect(call.reply).rejects.toMatchObject({ code: 1, executed: 'maybe' });
    await expect(client.unary('Greeter.Wait', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 4 });
    await client.ping();
    expect(stopped).toHaveLength(2);
    expect(stopped[0]).toBe('cancelled with 1');
    await expect(client.unary('Greeter.Wait', {}, { timeoutMs: 0 })).rejects.toMatchObject({ code: 4, executed: 'no' });
  });

  test('is refused by a service that is not there, by the right code', async () => {
    const { port } = await greeter();
    const other = (node: string): Promise<Client> => connect({ port, service: 'other', node });
    await expect(other('')).rejects.toMatchObject({ code: 12, executed: 'no' });
    await expect(other('greeter-1')).rejects.toMatchObject({ code: 12, executed: 'no' });
    await expect(other('other-7')).rejects.toMatchObject({ code: 14, executed: 'no' });
    expect((await dial(port, { node: 'greeter-of-yesterday' })).welcome.node).toBe('greeter-1');
  });

  test('drains: what is under way ends well, and no more is taken', async () => {
    const server = await greeter();
    const client = await dial(server.port);
    const call = await client.open('server', 'Greeter.Count', { to: 50, pad: 5_000 });
    await call.head;
    const drained = server.drain();
    await client.ping();
    await expect(client.unary('Greeter.Echo', 1)).rejects.toMatchObject({ code: 14, executed: 'no' });
    let count = 0;
    for await (const _ of call) count += 1;
    expect(count).toBe(50);
    await drained;
    expect(await client.ended).toMatchObject({ code: 0 });
  });

  test('tells those who wait when the connection is gone', async () => {
    const server = await greeter();
    const client = await dial(server.port);
    const call = await client.open('unary', 'Greeter.Wait', {});
    await server.close();
    await expect(call.reply).rejects.toMatchObject({ code: 14, executed: 'maybe' });
  });
});

describe('a stranger’s server', () => {
  const lacksClientStreams = 'rest-of-stream';

  test.each(readRefusedTable().filter(({ id }) => id !== lacksClientStreams))('refuses $id: $what', async (row) => {
    const { port } = await greeter();
    await expect(refusalOf(port, row)).resolves.toMatchObject({ code: 3 });
  });

  test('that has no client streams answers one with ERROR, and what comes behind it is late', async () => {
    const { port } = await greeter();
    const peer = await RawPeer.open(port);
    closings.push(() => peer.close());
    peer.send(readRefusedTable().find(({ id }) => id === lacksClientStreams)!.bytes);
    const error = payloads.readError((await peer.next('ERROR', 0)).payload);
    expect(error).toMatchObject({ code: 12, executed: 'no' });
    peer.sendFrames(frameBytes(types.PING, 0, Buffer.alloc(8)));
    await peer.next('PONG', 0);
  });

  test('refuses more than three PINGs in a row', async () => {
    const { port } = await greeter();
    const peer = await RawPeer.open(port);
    for (let index = 0; index < 4; index += 1) peer.sendFrames(frameBytes(types.PING, 0, Buffer.alloc(8)));
    await peer.end();
    expect(peer.frames.filter(({ name }) => name === 'PONG')).toHaveLength(3);
    expect(payloads.readGoaway(peer.frames.at(-1)!.payload)).toMatchObject({ code: 3 });
  });

  test('refuses a call that comes after its GOAWAY', async () => {
    const server = await greeter();
    const peer = await RawPeer.open(server.port);
    const drained = server.drain();
    await peer.next('GOAWAY', 0);
    const call = payloads.callBytes({ endpoint: 0, codec: 0, request: Buffer.from('1') });
    const name = payloads.nameBytes({ number: 0, name: 'Greeter.Echo', kind: 'unary' });
    peer.sendFrames(frameBytes(types.NAME, 0, name), frameBytes(types.CALL, callId(0, 1), call));
    expect(payloads.readError((await peer.next('ERROR', 0)).payload)).toMatchObject({ code: 14, executed: 'no' });
    peer.close();
    await drained;
  });

  test('takes a connection byte by byte', async () => {
    const { port } = await greeter();
    const peer = await RawPeer.open(port);
    closings.push(() => peer.close());
    const call = payloads.callBytes({ endpoint: 0, codec: 0, request: Buffer.from('"whole"') });
    const name = payloads.nameBytes({ number: 0, name: 'Greeter.Echo', kind: 'unary' });
    peer.sendSlowly(frameBytes(types.NAME, 0, name), frameBytes(types.CALL, callId(0, 1), call));
    expect(payloads.readReply((await peer.next('REPLY', 0)).payload).reply.toString()).toBe('"whole"');
  });
});

/** What a server says to a row of the table of refused bytes before it closes. */
async function refusalOf(port: number, row: ReturnType<typeof readRefusedTable>[number]): Promise<unknown> {
  const peer = row.when === 'open' ? await RawPeer.open(port) : new RawPeer(port);
  if (row.when === 'hello') peer.send(Buffer.from('tenon/1\n'));
  peer.send(row.bytes);
  await peer.end();
  const last = peer.frames.at(-1);
  return last?.name === 'GOAWAY' ? payloads.readGoaway(last.payload) : last;
}
