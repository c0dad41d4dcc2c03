import { http2Frame, http2Preface, http2Types } from '../../wire/http2-frames.js';
import type { FleetNode } from '../lab/fleet.js';
import { damaged, hostileJson, hostileMsgpack, type Random } from '../nodes/random-frames.js';
import { clientTls } from './client-tls.js';
import { RawPeer } from './raw-peer.js';
import { frame, idOf, nameOf, TenonPeer } from './tenon-frames.js';

/** One wire's hostile frames: makes a connection, sends so many, and leaves when the node has had its say. */
export type FrameStorm = (node: FleetNode, random: Random) => Promise<number>;

/** Nearly right frames of tenon/1, after a right greeting. */
export const tenonStorm: FrameStorm = async ({ address }, random) => {
  const tenon = await TenonPeer.greeted(address);
  await using peer = tenon.peer;
  const frames = Array.from({ length: 40 }, () => {
    const slot = random.integer(5);
    const kind = random.integer(5);
    if (kind === 0)
      return tenon.call(slot, 1 + random.integer(3), undefined, {
        raw: Buffer.from(hostileJson(random)),
        endpoint: random.integer(4),
      });
    if (kind === 1)
      return nameOf(random.integer(20), random.of(0, 1, 2, 3), random.of('Target.Work', 'X.Y', '__proto__'));
    const type = random.of(3, 4, 5, 6, 7, 0x10, 0x12, 0x13, 0x16, 0x18, 0x19, 0x50, 0x52, 0x59, random.integer(256));
    return frame(type, idOf(slot, random.integer(3)), random.bytes(random.integer(40)));
  });
  const isWhole = random.integer(3) > 0;
  const bytes = isWhole ? tenon.bytesOf(...frames) : damaged(random, tenon.bytesOf(...frames));
  peer.send(bytes);
  // PING: answered once all of them were taken, where the connection was not ended before.
  peer.send(tenon.bytesOf(frame(4, 0, Buffer.from('lastping'))));
  await peer.until((said) => said.includes('lastping'), 300).catch(() => false);
  return frames.length;
};

/** Requests of HTTP/1.1 with hostile heads and bodies, one after another on a connection until it is closed. */
export const http1Storm: FrameStorm = async ({ address }, random) => {
  await using peer = await RawPeer.open(address);
  const requests = Array.from({ length: 40 }, (_, index) => {
    const packed = random.integer(2) === 0;
    const body = packed ? hostileMsgpack(random) : Buffer.from(hostileJson(random));
    const fields = [
      `Content-Type: ${packed ? 'application/msgpack' : 'application/json'}`,
      `Content-Length: ${body.length}`,
      ...(random.integer(4) === 0
        ? [random.of('X-A: \x01', 'Accept: text/event-stream', 'Timeout: -1', 'tenon-encoded: x-a', 'X: é')]
        : []),
    ];
    const path = random.of(
      '/target/Target.Work',
      '/target/Target.Pieces',
      '/target/Target.Echo',
      '/',
      '/%00',
      '/a/B.C',
    );
    const whole = Buffer.concat([
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: a\r\n${fields.join('\r\n')}\r\n\r\n`, 'latin1'),
      body,
    ]);
    // The first ones stay whole, so that more than one is read.
    return index < 20 ? whole : damaged(random, whole);
  });
  peer.send(...requests);
  await peer.closed(20);
  return requests.length;
};

/** Frames of HTTP/2, most of them nearly right. */
export const http2Storm: FrameStorm = async ({ address }, random) => {
  await using peer = await RawPeer.openTls(address, clientTls(['h2']));
  const block = Buffer.from('83874181610461', 'hex');
  const frames = Array.from({ length: 60 }, (_, index) => {
    const payload = random.integer(2) === 0 ? block : random.bytes(random.integer(40));
    const type = index < 20 ? 1 : random.of(0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, random.integer(256));
    const flags = index < 20 ? 5 : random.of(0, 1, 4, 5, random.integer(256));
    const stream = index < 20 ? 2 * index + 1 : random.of(0, 1, 3, 41, random.integer(0x7fffffff));
    return http2Frame(type, flags, stream, payload);
  });
  peer.send(http2Preface, http2Frame(http2Types.settings), ...frames);
  await peer.closed(20);
  return frames.length;
};
