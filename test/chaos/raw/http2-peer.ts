import {
  ack,
  endHeaders,
  endStream,
  fieldBlock,
  hasFrame,
  http2Frame,
  http2Preface,
  http2Types,
} from '../../wire/http2-frames.js';
import type { Wire } from '../lab/wire.js';
import { clientTls } from './client-tls.js';
import { RawPeer } from './raw-peer.js';

/** The wires that are HTTP/2: one under TLS, one in the clear. */
export const http2Wires = ['h2+tls', 'grpc'] as const satisfies readonly Wire[];
export type Http2Wire = (typeof http2Wires)[number];

/** A connection whose settings are agreed: from here on what is sent can be anything. */
export async function http2Peer(wire: Http2Wire, address: string): Promise<RawPeer> {
  const peer = wire === 'h2+tls' ? await RawPeer.openTls(address, clientTls(['h2'])) : await RawPeer.open(address);
  peer.send(http2Preface, http2Frame(http2Types.settings));
  await peer.until((bytes) => hasFrame(bytes, http2Types.settings, ack));
  peer.send(http2Frame(http2Types.settings, ack));
  return peer;
}

/** The fields of a call of the target over that wire, and more. */
export function callBlock(wire: Http2Wire, more: readonly (readonly [string, string])[] = []): Buffer {
  const isGrpc = wire === 'grpc';
  return fieldBlock([
    [':method', 'POST'],
    [':scheme', isGrpc ? 'http' : 'https'],
    [':path', isGrpc ? '/target.Target/Work' : '/target/Target.Work'],
    [':authority', 'a'],
    ['content-type', isGrpc ? 'application/grpc+json' : 'application/json'],
    ...more,
  ]);
}

/** A whole call of `work`, and that it was answered. */
export async function answeredCall(wire: Http2Wire, peer: RawPeer): Promise<void> {
  const text = '{"id":"raw"}';
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(text.length, 1);
  const body = Buffer.concat([wire === 'grpc' ? prefix : Buffer.alloc(0), Buffer.from(text)]);
  peer.forget();
  peer.send(
    http2Frame(http2Types.headers, endHeaders, 1, callBlock(wire)),
    http2Frame(http2Types.data, endStream, 1, body),
  );
  if (!(await peer.until((bytes) => bytes.includes('"raw"')))) throw new Error('the connection was closed');
}
