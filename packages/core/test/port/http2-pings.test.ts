import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Clock } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { ack, http2Frame, http2Types } from '../../../../test/wire/http2-frames.js';
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
  until,
} from './port-under-test.js';
import { RawHttp2 } from './raw-http2.js';

const { ping, data } = http2Types;

describe.each(bothWays)('HTTP/2 %s', (_way, tls) => {
  const open = (claim: AnyClaim, options: Partial<SharedPortOptions> = {}): Promise<OpenPort> =>
    openPort([http(), claim, echo('mux')], options, tls());
  const raw = async (port: OpenPort): Promise<RawHttp2> => new RawHttp2(await connectTo(port, 'h2'));

  test('pings without anything between them are stopped with the reason that gRPC knows', async () => {
    const port = await open(http2());
    const peer = await raw(port);
    peer.send(...Array.from({ length: 10 }, () => http2Frame(ping, 0, 0, Buffer.alloc(8))));
    await until(() => peer.closed, 'it was closed');
    expect(peer.of(http2Types.goAway)[0]?.payload.readUInt32BE(4)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(peer.reasons).toContain('too_many_pings');
    expect(port.logger.complaints).toMatchObject([{ fields: { cause: 'too_many_pings' } }]);
  });

  test('pings that follow new streams or bytes sent are answered for ever', async () => {
    const port = await open(http2());
    const peer = await raw(port);
    for (let id = 1; id < 60; id += 2) {
      peer.open(id);
      peer.send(http2Frame(ping, 0, 0, Buffer.alloc(8)));
      await until(() => peer.of(ping).length === (id + 1) / 2 && peer.of(data, id).length > 0, 'both were answered');
    }
    expect(peer.closed).toBe(false);
  });

  test('pings each 10 s are answered for ever', async () => {
    const system = systemClock();
    let ahead = 0;
    const clock: Clock = {
      now: () => system.now() + ahead,
      wallTime: () => system.wallTime(),
      after: (delayMs, callback) => system.after(delayMs, callback),
    };
    const port = await openPort([http(), http2()], {}, tls(), clock);
    const peer = await raw(port);
    for (let count = 1; count <= 50; count += 1) {
      peer.send(http2Frame(ping, 0, 0, Buffer.alloc(8)));
      await until(() => peer.of(ping).length === count, 'it was answered');
      ahead += 10_000;
    }
    expect(peer.closed).toBe(false);
  });

  test('a peer that vanished under a call is asked, and forgotten where it does not answer', async () => {
    const streams: ServerHttp2Stream[] = [];
    const port = await open(held(streams), { replyTimeoutMs: 100, peerSilenceMs: 200 });
    const alive = await raw(port);
    let answered = 0;
    alive.socket.on('data', () => {
      const asked = alive.of(ping).length;
      for (; answered < asked; answered += 1) alive.send(http2Frame(ping, ack, 0, Buffer.alloc(8)));
    });
    alive.open(1);
    const gone = await raw(port);
    gone.open(1);
    await until(() => streams.length === 2, 'both streams are open');
    await until(() => gone.closed, 'the silent one was closed');
    expect(gone.of(ping)).toHaveLength(1);
    await until(() => answered >= 3, 'the other was asked again and again');
    expect(alive.closed).toBe(false);
  });
});

function held(streams: ServerHttp2Stream[], onStream?: (stream: ServerHttp2Stream) => unknown): AnyClaim {
  const handle = (stream: ServerHttp2Stream): void => {
    streams.push(stream);
    onStream?.(stream);
  };
  return { http2: { name: 'held', accepts: () => true, handle } };
}
