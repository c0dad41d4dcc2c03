import {
  type ClientHttp2Session,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { askHttp2, type Http2Reply, openHttp2, type RawHttp2Server, serveHttp2 } from '../../../test/wire/raw-http2.js';

/** A gRPC reply as it came off the wire; its body has the heads of messages. */
export interface RawReply extends Http2Reply {
  /** Wherever it stood. */
  readonly status: string | undefined;
  readonly message: string;
}

/** A session in the clear with a server of these tests. */
export function openSession(number: number): Promise<ClientHttp2Session> {
  return openHttp2(`http://127.0.0.1:${number}`, 'remoteSettings');
}

/** One request with its whole reply. */
export async function ask(
  session: ClientHttp2Session,
  path: string,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
  ends = true,
): Promise<RawReply> {
  const type = { 'content-type': 'application/grpc+json', te: 'trailers' };
  const reply = await askHttp2(session, path, body, { ...type, ...headers }, ends);
  const all = { ...reply.headers, ...reply.trailers };
  return {
    ...reply,
    status: all['grpc-status'] as string | undefined,
    message: decodeURIComponent(String(all['grpc-message'] ?? '')),
  };
}

/** A message with its head. */
export function framed(text: string | Buffer, flag = 0): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A server in the clear. */
export function rawServer(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: { readonly maxConcurrentStreams?: number } = {},
): Promise<RawHttp2Server> {
  return serveHttp2(createServer({ settings }), answer);
}

/** Answers a request whole, as a server that keeps to gRPC would. */
export function answerWith(stream: ServerHttp2Stream, body: Buffer, trailers: OutgoingHttpHeaders): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+json' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}
