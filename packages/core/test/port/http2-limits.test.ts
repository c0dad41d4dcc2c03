import { once } from 'node:events';
import { connect as connectHttp2, constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { pem } from '../../../../test/tls/test-tls.js';
import { ack, endHeaders, endStream, http2Frame, http2Types } from '../../../../test/wire/http2-frames.js';
import type { SharedPortOptions } from '../../src/port/index.js';
import {
  type AnyClaim,
  bothWays,
  connectTo,
  echo,
  http,
  http2,
  type OpenPort,
  openPort,
  serverTls,
  until,
} from './port-under-test.js';
import { headerBlock, RawHttp2 } from './raw-http2.js';

const { headers, reset, settings, windowUpdate, continuation, data } = http2Types;

describe.each(bothWays)('HTTP/2 %s', (_way, tls) => {
  const open = (claim: AnyClaim, options: Partial<SharedPortOptions> = {}): Promise<OpenPort> =>
    openPort([http(), claim, echo('mux')], options, tls());
  const raw = async (port: OpenPort, withSettings = true): Promise<RawHttp2> =>
    new RawHttp2(await connectTo(port, 'h2'), withSettings);

  test('a peer that sends no settings is closed after the handshake timeout', async () => {
    const port = await open(http2(), { handshakeTimeoutMs: 100 });
    const peer = await raw(port, false);
    await until(() => peer.closed, 'it was closed');
    expect(peer.goAway?.code).toBe(constants.NGHTTP2_SETTINGS_TIMEOUT);
    expect(peer.reasons).toContain('did not arrive in time');
  });

  test('an idle connection is told to go and closed, one with a stream is not', async () => {
    const streams: ServerHttp2Stream[] = [];
    const port = await open(held(streams), { sessionIdleMs: 300, replyTimeoutMs: 100 });
    const busy = await raw(port);
    busy.open(1);
    await until(() => streams.length === 1, 'its stream was open');
    const idle = await raw(port);
    await until(() => idle.closed, 'the idle one was closed');
    expect(idle.goAway).toEqual({ last: 0, code: 0, reason: '' });
    expect(busy.goAway).toBeUndefined();
    streams[0]?.respond();
    streams[0]?.end();
    await until(() => busy.closed, 'the other was closed once it was idle');
    expect(busy.goAway).toEqual({ last: 1, code: 0, reason: '' });
  });

  test('a peer that was told to go and does not is cut off', async () => {
    const port = await open(http2(), { sessionIdleMs: 100 });
    const peer = await raw(port);
    peer.socket.removeAllListeners('end');
    await until(() => peer.goAway !== undefined, 'it was told');
    await port.port.drain();
    expect(port.port.closed).toBe(true);
  });

  test('a peer that says farewell itself and then stays makes room within a second or two', async () => {
    const port = await open(http2(), { maxConnections: 1 });
    const peer = await raw(port);
    peer.socket.removeAllListeners('end');
    (peer.socket as { allowHalfOpen: boolean }).allowHalfOpen = true;
    await until(() => peer.of(settings).length === 2, 'it was served');
    peer.send(http2Frame(http2Types.goAway, 0, 0, Buffer.alloc(8)));
    let next: RawHttp2 | undefined;
    const end = performance.now() + 5_000;
    while ((next === undefined || next.frames.length === 0) && performance.now() < end) {
      next = await raw(port).catch(() => undefined);
      await until(() => next === undefined || next.closed || next.frames.length > 0, 'it was served or closed');
    }
    expect(next?.frames.length).toBeGreaterThan(0);
  });

  test('connections over the limit are closed at once', async () => {
    const port = await open(http2(), { maxConnections: 1 });
    const first = await raw(port);
    await until(() => first.of(settings).length > 0, 'the first was served');
    const refused = await connectTo(port, 'h2').then(
      (socket) => new RawHttp2(socket),
      () => undefined,
    );
    await until(() => refused === undefined || refused.closed, 'the second was closed');
    expect(refused?.frames ?? []).toEqual([]);
  });

  test('more streams than the limit are refused unserved, and the others go on', async () => {
    const streams: ServerHttp2Stream[] = [];
    const port = await open(held(streams), { maxStreams: 4 });
    const peer = await raw(port);
    for (let id = 1; id <= 11; id += 2) peer.open(id);
    await until(() => peer.of(reset).length === 2, 'two were refused');
    expect(peer.of(reset).map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
      [9, constants.NGHTTP2_REFUSED_STREAM],
      [11, constants.NGHTTP2_REFUSED_STREAM],
    ]);
    expect(streams).toHaveLength(4);
    for (const stream of streams) stream.respond({ ':status': 204 }, { endStream: true });
    await until(() => peer.of(headers).length === 4, 'the others were answered');
    const announced = peer.of(settings)[0]?.payload ?? Buffer.alloc(0);
    expect(settingOf(announced, constants.NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)).toBe(4);
    expect(settingOf(announced, constants.NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE)).toBe(16 * 1_024);
  });

  test.each([
    ['a header list over 16 KiB', [['x', 'y'.repeat(17 * 1_024)]] as const],
    ['more than a hundred fields', Array.from({ length: 101 }, (_, i) => [`x-${i}`, 'y'] as const)],
    ['ten thousand fields', Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, ''] as const)],
  ])('%s never reaches a claim', async (_what, fields) => {
    const reached: unknown[] = [];
    const port = await open(http2('http2', (fields) => reached.push(fields) > 0));
    const peer = await raw(port);
    await acknowledged(peer);
    sendBlock(peer, 1, headerBlock('/', fields));
    await until(() => peer.of(reset, 1).length > 0 || peer.closed, 'it was refused');
    expect(reached).toEqual([]);
  });

  test('a hundred fields and 12 KiB of them are served', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const port = await open(http2('http2', (fields) => seen.push(fields) > 0));
    const peer = await raw(port);
    const fields = Array.from({ length: 99 }, (_, i) => [`x-${i}`, 'y'.repeat(80)] as const);
    sendBlock(peer, 1, headerBlock('/', fields));
    await until(() => peer.of(headers, 1).length === 1, 'it was answered');
    expect(Object.keys(seen[0] ?? {})).toHaveLength(99 + 4);
  });

  test('HPACK that unfolds far beyond its size is refused', async () => {
    const reached: unknown[] = [];
    const port = await open(http2('http2', (fields) => reached.push(fields) > 0));
    const peer = await raw(port);
    await acknowledged(peer);
    // One field of 3 KiB goes into the table, then a byte each brings it back 10,000 times: 30 MB.
    const bomb = Buffer.concat([
      headerBlock(),
      Buffer.from([0x40]),
      literalOf('x', 'y'.repeat(3_000)),
      Buffer.alloc(10_000, 0xbe),
    ]);
    sendBlock(peer, 1, bomb);
    await until(() => peer.of(reset, 1).length > 0 || peer.closed, 'it was refused');
    expect(reached).toEqual([]);
  });

  test('a flood of CONTINUATION closes the connection', async () => {
    const port = await open(http2());
    const peer = await raw(port);
    peer.send(http2Frame(headers, endStream, 1, headerBlock()));
    for (let count = 0; count < 1_000 && !peer.closed; count += 1) peer.send(http2Frame(continuation, 0, 1));
    await until(() => peer.closed, 'it was closed');
  });

  test('a hundred thousand rapid resets close the connection, and others are served meanwhile', async () => {
    let served = 0;
    const port = await open(held([], () => (served += 1)));
    const peer = await raw(port);
    const burst: Buffer[] = [];
    for (let id = 1; id <= 200_001; id += 2) {
      burst.push(
        http2Frame(headers, endHeaders | endStream, id, headerBlock()),
        http2Frame(reset, 0, id, Buffer.from([0, 0, 0, 8])),
      );
    }
    for (let at = 0; at < burst.length && !peer.closed; at += 2_000) {
      peer.send(...burst.slice(at, at + 2_000));
      await until(() => peer.socket.writableLength === 0 || peer.closed, 'it was sent');
    }
    await until(() => peer.closed, 'it was closed');
    expect(peer.reasons).toContain('too_many_resets');
    expect(served).toBeLessThan(10_000);
    const before = served;
    const good = await raw(port);
    good.open(1);
    await until(() => served > before, 'another was served');
  });

  test('a reset that is one too many and meets a reply on its way closes the connection, and nothing else', async () => {
    let due: ServerHttp2Stream | undefined;
    // Each stream brings the reply of the one before it, which is reset in the same piece.
    const claim = held([], (stream) => {
      if (due?.destroyed === false) {
        due.respond({ ':status': 200 });
        due.end('a reply');
      }
      due = stream;
    });
    const port = await open(claim);
    for (let round = 0; round < 3; round += 1) {
      const peer = await raw(port);
      for (let id = 1; id < 10; id += 2) peer.open(id);
      for (let id = 11; id < 8_000 && !peer.closed; id += 4) {
        const code = Buffer.from([0, 0, 0, 8]);
        peer.send(
          http2Frame(headers, endHeaders | endStream, id, headerBlock()),
          http2Frame(headers, endHeaders | endStream, id + 2, headerBlock()),
          http2Frame(reset, 0, id, code),
          http2Frame(reset, 0, id + 2, code),
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => peer.closed, 'it was closed');
      expect(peer.reasons).toContain('too_many_resets');
    }
  });

  test('a flood of settings is stopped', async () => {
    const port = await open(http2());
    const peer = await raw(port);
    for (let round = 0; round < 200 && !peer.closed; round += 1) {
      peer.send(http2Frame(settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, round])));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => peer.closed, 'it was closed');
    expect(peer.reasons).toContain('too_many_settings');
  });

  test('acknowledgements that nobody reads do not pile up', async () => {
    const port = await open(http2());
    const peer = await raw(port);
    peer.socket.pause();
    const flood = Array.from({ length: 5_000 }, () => http2Frame(settings, 0, 0));
    for (let round = 0; round < 100 && !peer.socket.destroyed; round += 1) {
      peer.send(...flood);
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.socket.resume();
    await until(() => peer.closed, 'it was closed');
  });

  test('a window that overflows closes the connection, and the port forgets it', async () => {
    const port = await open(http2());
    for (let round = 0; round < 20; round += 1) {
      const peer = await raw(port);
      const most = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
      peer.send(http2Frame(windowUpdate, 0, 0, most), http2Frame(windowUpdate, 0, 0, most));
      await until(() => peer.closed, 'it was closed');
      expect(peer.goAway?.code).not.toBe(constants.NGHTTP2_NO_ERROR);
    }
    await port.port.drain();
    expect(port.port.closed).toBe(true);
  });

  test('a peer that does not take its reply loses that stream alone', async () => {
    const claim = held(
      [],
      (stream) => (stream.respond({ ':status': 200 }) as undefined) ?? stream.end(Buffer.alloc(1_000_000)),
    );
    const port = await open(claim, { replyTimeoutMs: 150 });
    const peer = await raw(port);
    peer.open(1);
    await until(() => peer.of(reset, 1).length === 1, 'the stream was reset');
    expect(peer.of(reset, 1)[0]?.payload.readUInt32BE()).toBe(constants.NGHTTP2_CANCEL);
    const taken = peer.of(data).reduce((sum, { payload }) => sum + payload.length, 0);
    expect(taken).toBe(65_535);
    expect(peer.closed).toBe(false);
  });

  test('a reply that is taken slowly is not cut off', async () => {
    const claim = held(
      [],
      (stream) => (stream.respond({ ':status': 200 }) as undefined) ?? stream.end(Buffer.alloc(200_000)),
    );
    const port = await open(claim, { replyTimeoutMs: 200 });
    const peer = await raw(port);
    peer.open(1);
    let granted = 65_535;
    while (granted < 200_000) {
      const before = granted;
      await until(() => received(peer) >= Math.min(before, 200_000), 'what was granted came');
      const more = Buffer.from([0, 0, 0x40, 0]);
      peer.send(http2Frame(windowUpdate, 0, 0, more), http2Frame(windowUpdate, 0, 1, more));
      granted += 0x4000;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await until(() => received(peer) === 200_000, 'all of it came');
    expect(peer.of(reset)).toEqual([]);
  });

  test('an error of a stream, or a socket that vanishes, costs nobody else anything', async () => {
    const streams: ServerHttp2Stream[] = [];
    const port = await open(held(streams));
    const peer = await raw(port);
    peer.open(1);
    await until(() => streams.length === 1, 'its stream was open');
    streams[0]?.destroy(new Error('from the claimant'));
    await until(() => peer.of(reset, 1).length === 1, 'it was reset');
    peer.open(3);
    await until(() => streams.length === 2, 'the next one was open');
    peer.socket.destroy();
    await until(() => streams[1]?.destroyed === true, 'the claimant was told');
    expect(streams[1]?.closed).toBe(true);
    const good = await raw(port);
    good.open(1);
    await until(() => streams.length === 3, 'another was served');
  });
});

test('what a connection may hold in memory is bounded: above it new streams are refused', async () => {
  const fat = Buffer.alloc(300_000);
  const claim = held([], (stream) => (stream.respond({ ':status': 200 }) as undefined) ?? stream.end(fat));
  const port = await openPort([claim], { maxSessionMemoryBytes: 1_000_000 });
  const peer = new RawHttp2(await connectTo(port));
  for (let id = 1; id < 40; id += 2) {
    peer.open(id);
    await until(() => peer.of(headers, id).length + peer.of(reset, id).length > 0, 'it was answered or refused');
  }
  expect(peer.of(reset).length).toBeGreaterThan(0);
  expect(peer.of(reset)[0]?.payload.readUInt32BE()).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

test("Node's own client is served over TLS, large bodies both ways", async () => {
  const echoing = held([], (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const port = await openPort([echoing], {}, serverTls());
  const session = connectHttp2(`https://127.0.0.1:${port.number}`, { ca: pem('ca') });
  const stream = session.request({ ':method': 'POST', ':path': '/' });
  stream.end(Buffer.alloc(3_000_000, 'x'));
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  await once(stream, 'end');
  expect(length).toBe(3_000_000);
  session.close();
  await port.port.drain();
});

function held(streams: ServerHttp2Stream[], onStream?: (stream: ServerHttp2Stream) => unknown): AnyClaim {
  const handle = (stream: ServerHttp2Stream): void => {
    streams.push(stream);
    onStream?.(stream);
  };
  return { http2: { name: 'held', accepts: () => true, handle } };
}

/** In as many frames as it takes. */
function sendBlock(peer: RawHttp2, stream: number, block: Buffer): void {
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) {
    const last = at + 16_384 >= block.length ? endHeaders : 0;
    const part = block.subarray(at, at + 16_384);
    frames.push(
      at === 0 ? http2Frame(headers, last | endStream, stream, part) : http2Frame(continuation, last, stream, part),
    );
  }
  peer.send(...frames);
}

async function acknowledged(peer: RawHttp2): Promise<void> {
  await until(() => peer.of(settings).some(({ flags }) => flags === ack), 'the settings were agreed');
}

function received(peer: RawHttp2): number {
  return peer.of(data).reduce((sum, { payload }) => sum + payload.length, 0);
}

function settingOf(payload: Buffer, id: number): number | undefined {
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    if (payload.readUInt16BE(at) === id) return payload.readUInt32BE(at + 2);
  }
  return undefined;
}

function literalOf(name: string, value: string): Buffer {
  return headerBlock('', [[name, value]]).subarray(headerBlock('').length + 1);
}
