import type { ServerHttp2Stream } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ack, endHeaders, endStream, http2Frame, http2Types } from '../../../../test/wire/http2-frames.js';
import { connectTo, http, openPort, until } from './port-under-test.js';
import { headerBlock, RawHttp2 } from './raw-http2.js';

/** Frames that look like those of a client, most of them nearly right. */
const stream = fc.oneof(fc.constantFrom(0, 1, 1, 3, 3, 5, 7), fc.nat({ max: 0x7fff_ffff }));
const flags = fc.oneof(fc.constantFrom(0, endHeaders, endStream, endHeaders | endStream, ack), fc.nat({ max: 255 }));
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    headerBlock(),
    headerBlock('/a', [['x-y', 'z']]),
    headerBlock('none'),
    Buffer.alloc(4),
    Buffer.alloc(8),
  ),
  fc.nat({ max: 0xffff_ffff }).map((value) => Buffer.from(value.toString(16).padStart(8, '0'), 'hex')),
);
const type = fc.oneof(fc.constantFrom(...Object.values(http2Types)), fc.nat({ max: 255 }));
const any = fc.tuple(type, flags, stream, payload).map(([of, set, to, bytes]) => http2Frame(of, set, to, bytes));
const request = fc.constant(undefined);
/** Three requests of four frames, in the order of their ids: one violation is all that a connection lives to see. */
const session = fc
  .array(fc.oneof({ weight: 1, arbitrary: any }, { weight: 3, arbitrary: request }), { minLength: 30, maxLength: 70 })
  .map((frames) =>
    frames.map((one, at) => one ?? http2Frame(http2Types.headers, endHeaders | endStream, 2 * at + 1, headerBlock())),
  );

// In the clear alone: what TLS changes is how the frames come, and 3,000 handshakes would take most of the time.
test('100,000 generated frames break nothing', async () => {
  let served = 0;
  const handle = (stream: ServerHttp2Stream): void => {
    served += 1;
    stream.respond({ ':status': 200 });
    stream.end('answer');
  };
  const port = await openPort([http(), { http2: { name: 'http2', accepts: () => true, handle } }], {});
  let frames = 0;
  for (let round = 0; round < 2_600; round += 25) {
    const sessions = fc.sample(session, { numRuns: 25, seed: round });
    await Promise.all(
      sessions.map(async (sent) => {
        frames += sent.length;
        const peer = new RawHttp2(await connectTo(port, 'h2'));
        peer.send(...sent, http2Frame(http2Types.ping, 0, 0, Buffer.from('the last')));
        const isAnswered = (): boolean => peer.of(http2Types.ping).some((one) => one.payload.toString() === 'the last');
        // What nghttp2 says GOAWAY for it stops listening to; Node then keeps the connection until it is idle for too long.
        await until(() => peer.closed || peer.goAway !== undefined || isAnswered(), 'the server had its say');
        peer.socket.destroy();
      }),
    );
    await nextTurn();
  }
  expect(frames).toBeGreaterThan(100_000);
  expect(served).toBeGreaterThan(1_000);
  expect(port.logger.complaints.filter(({ level }) => level === 'error')).toEqual([]);

  const peer = new RawHttp2(await connectTo(port, 'h2'));
  peer.open(1);
  await until(() => peer.of(http2Types.data, 1).length > 0, 'another was served');
}, 120_000);
