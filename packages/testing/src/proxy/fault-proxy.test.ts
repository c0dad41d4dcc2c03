import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@tenon/conformance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faults } from '../faults/faults.js';
import { FaultProxy } from './fault-proxy.js';

const bound = { withinMs: 10_000 };

/** What one socket got: its bytes, the sizes of what it read at once, and how it ended. */
class Received {
  readonly sizes: number[] = [];
  bytes = Buffer.alloc(0);
  ended = false;
  error: string | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.sizes.push(chunk.byteLength);
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
  }

  async has(byteCount: number): Promise<void> {
    await eventually(() => expect(this.bytes.byteLength).toBeGreaterThanOrEqual(byteCount), bound);
  }
}

let server: Server;
let accepted: Received[];
let proxy: FaultProxy;
let clients: Socket[];

beforeEach(async () => {
  accepted = [];
  clients = [];
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new Received(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await FaultProxy.start({ host: '127.0.0.1', port: (server.address() as { port: number }).port });
});
afterEach(async () => {
  for (const socket of [...clients, ...accepted.map(({ socket }) => socket)]) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

function client(): Received {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  clients.push(socket);
  return new Received(socket);
}

/** A client and what the server sees of it, joined. */
async function pair(): Promise<{ near: Received; far: Received }> {
  const before = accepted.length;
  const near = client();
  await eventually(() => expect(accepted.length).toBe(before + 1), bound);
  return { near, far: accepted[before] as Received };
}

/** Whatever was sent before has been through, or is held: another connection has said and heard something after it. */
async function othersGetThrough(): Promise<void> {
  const direct = connect((server.address() as { port: number }).port, '127.0.0.1');
  clients.push(direct);
  await once(direct, 'connect');
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('without a fault everything passes both ways, ends too, and is counted', async () => {
  const { near, far } = await pair();
  near.socket.write('to the target');
  await far.has(13);
  far.socket.write('back');
  await near.has(4);
  near.socket.end();
  await eventually(() => expect(far.ended).toBe(true), bound);
  expect(near.ended).toBe(false);
  far.socket.end();
  await eventually(() => expect(near.ended).toBe(true), bound);
  await eventually(
    () => expect(proxy.counts).toEqual({ accepted: 1, open: 0, bytesToTarget: 13, bytesToClient: 4 }),
    bound,
  );
});

test('a megabyte passes whole, although the reader is slow', async () => {
  const { near, far } = await pair();
  const sent = Buffer.alloc(4 * 1_024 * 1_024, 'ab');
  far.socket.pause();
  near.socket.write(sent);
  await othersGetThrough();
  far.socket.resume();
  await far.has(sent.byteLength);
  expect(far.bytes.equals(sent)).toBe(true);
});

test('a reset of one end arrives at the other as one', async () => {
  const { near, far } = await pair();
  far.socket.resetAndDestroy();
  await eventually(() => expect(near.error).toBe('ECONNRESET'), bound);
});

test('latency delays, keeps the order, and holds nothing back once healed', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.latency({ latencyMs: 40, jitterMs: 40 }));
  const words = Array.from({ length: 50 }, (_, n) => `word ${n};`);
  for (const word of words) {
    near.socket.write(word);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await far.has(words.join('').length);
  expect(far.bytes.toString()).toBe(words.join(''));
  proxy.inject(faults.latency({ latencyMs: 600_000 }));
  near.socket.end('held');
  await othersGetThrough();
  expect(far.ended).toBe(false);
  await proxy.heal();
  await eventually(() => expect(far.ended).toBe(true), bound);
  expect(far.bytes.toString().endsWith('held')).toBe(true);
});

test('a narrow line passes pieces', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.bandwidth({ bytesPerSecond: 100_000 }));
  near.socket.write(Buffer.alloc(5_000));
  await far.has(5_000);
  expect(far.sizes.length).toBeGreaterThan(1);
});

test('slices are read one by one', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.slices(), 'to-target');
  near.socket.end('a message in slices');
  await eventually(() => expect(far.ended).toBe(true), bound);
  expect(far.bytes.toString()).toBe('a message in slices');
  expect(far.sizes.filter((size) => size === 1).length).toBeGreaterThan(10);
});

test('corruption flips one bit in so many bytes, over chunks, in its direction alone', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.corruption({ everyBytes: 10 }), 'to-target');
  for (let chunk = 0; chunk < 5; chunk += 1) {
    near.socket.write(Buffer.alloc(9));
    await far.has((chunk + 1) * 9);
  }
  const changed = [...far.bytes].flatMap((byte, at) => (byte === 0 ? [] : [{ at, bits: byte.toString(2) }]));
  expect(changed.map(({ at }) => at)).toEqual([9, 19, 29, 39]);
  expect(changed.every(({ bits }) => bits.replaceAll('0', '') === '1')).toBe(true);
  far.socket.write(Buffer.alloc(100));
  await near.has(100);
  expect(near.bytes.equals(Buffer.alloc(100))).toBe(true);
});

test('truncation closes after so many bytes', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.truncation({ afterBytes: 7 }), 'to-target');
  near.socket.write('only seven of these');
  await eventually(() => expect(far.ended).toBe(true), bound);
  expect(far.bytes.toString()).toBe('only se');
  await eventually(() => expect(near.ended || near.error !== undefined).toBe(true), bound);
});

test('a stall keeps the connection, and passes on the rest once healed', async () => {
  const { near, far } = await pair();
  proxy.inject(faults.stall({ afterBytes: 7 }), 'to-target');
  near.socket.write('only seven of these');
  await far.has(7);
  await othersGetThrough();
  expect(far.bytes.toString()).toBe('only se');
  far.socket.write('the other direction goes on');
  await near.has(27);
  await proxy.heal();
  await far.has(19);
  expect(far.bytes.toString()).toBe('only seven of these');
});

describe('half-open', () => {
  test('passes nothing on, no end and no reset, until healed', async () => {
    const { near, far } = await pair();
    proxy.inject(faults.halfOpen());
    near.socket.write('lost for now');
    far.socket.write('as well');
    await othersGetThrough();
    expect([near.bytes.byteLength, far.bytes.byteLength]).toEqual([0, 0]);
    far.socket.end();
    near.socket.end();
    await othersGetThrough();
    expect([near.ended, far.ended, near.error, far.error]).toEqual([false, false, undefined, undefined]);
    await proxy.heal();
    await eventually(() => expect([near.ended, far.ended]).toEqual([true, true]), bound);
    expect([near.bytes.toString(), far.bytes.toString()]).toEqual(['as well', 'lost for now']);
  });

  test('hides that the peer was killed, until healed', async () => {
    const { near, far } = await pair();
    proxy.inject(faults.halfOpen());
    far.socket.resetAndDestroy();
    await othersGetThrough();
    expect([near.ended, near.error]).toEqual([false, undefined]);
    await proxy.heal();
    await eventually(() => expect(near.ended || near.error !== undefined).toBe(true), bound);
  });

  test('lets new connections reach the target', async () => {
    proxy.inject(faults.halfOpen());
    const { near, far } = await pair();
    near.socket.write('nobody reads this');
    await othersGetThrough();
    expect(far.bytes.byteLength).toBe(0);
  });
});

test('a black hole accepts, and leads to the target only once healed', async () => {
  const { near: old, far } = await pair();
  proxy.inject(faults.blackHole());
  const near = client();
  await once(near.socket, 'connect');
  near.socket.write('hello');
  old.socket.write('hello');
  await othersGetThrough();
  expect(far.bytes.byteLength).toBe(0);
  const before = accepted.length;
  await proxy.heal();
  await far.has(5);
  await eventually(() => expect(accepted.length).toBe(before + 1), bound);
  await accepted[before]?.has(5);
});

test('refuses new connections while the old ones live, and accepts again', async () => {
  const { near, far } = await pair();
  proxy.refuse();
  const refused = client();
  await eventually(() => expect(refused.error).toBe('ECONNREFUSED'), bound);
  near.socket.write('still here');
  await far.has(10);
  await proxy.heal();
  await pair();
});

test('reset breaks every living connection at both ends, and later ones pass', async () => {
  const { near, far } = await pair();
  const another = await pair();
  proxy.reset();
  const all = [near, far, another.near, another.far];
  await eventually(() => expect(all.map(({ error }) => error)).toEqual(Array(4).fill('ECONNRESET')), bound);
  const { near: next, far: other } = await pair();
  next.socket.write('hi');
  await other.has(2);
});

test('a target that refuses is told by a reset', async () => {
  await using astray = await FaultProxy.start({ host: '127.0.0.1', port: 1 });
  const socket = connect(astray.port, '127.0.0.1');
  clients.push(socket);
  const received = new Received(socket);
  await eventually(() => expect(received.error).toBe('ECONNRESET'), bound);
});

test('new connections can be sent to another target', async () => {
  const { near, far } = await pair();
  proxy.aim({ host: '127.0.0.1', port: 1 });
  const astray = client();
  await eventually(() => expect(astray.error).toBe('ECONNRESET'), bound);
  near.socket.write('still here');
  await far.has(10);
});

test('an option out of range is named', () => {
  expect(() => faults.latency({ latencyMs: -1 })).toThrow(/latency\.latencyMs is -1/);
  expect(() => faults.slices({ sliceBytes: 0 })).toThrow(/slices\.sliceBytes is 0/);
});
