import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A gRPC reply as it came off the wire. */
export interface RawReply {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number };
  /** As latin1, heads of messages included. */
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  readonly resetCode: number;
  /** Wherever it stood. */
  readonly status: string | undefined;
  readonly message: string;
}

/** A session in the clear with a server of these tests, as a stranger would open it. */
export async function openSession(number: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${number}`);
  session.on('error', () => {});
  // From then on Node opens no more streams than the server allows.
  await once(session, 'remoteSettings');
  return session;
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
  const stream = session.request({ ':method': 'POST', ':path': path, ...type, ...headers });
  const chunks: Buffer[] = [];
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('error', () => {});
  stream.on('response', (received) => {
    head = received;
  });
  stream.on('trailers', (received) => {
    trailers = received;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  if (ends) stream.end(bytes);
  else stream.write(bytes);
  await once(stream, 'close');
  const all = { ...head, ...trailers };
  return {
    headers: head,
    body: Buffer.concat(chunks).toString('latin1'),
    trailers,
    resetCode: stream.rstCode ?? 0,
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

/** An HTTP/2 server in the clear that does what it is told. */
export interface RawServer extends AsyncDisposable {
  readonly number: number;
  readonly sessions: readonly ServerHttp2Session[];
}

export async function rawServer(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: { readonly maxConcurrentStreams?: number } = {},
): Promise<RawServer> {
  const sessions: ServerHttp2Session[] = [];
  const server = createServer({ settings });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    number: (server.address() as AddressInfo).port,
    sessions,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers a request whole, as a server that keeps to gRPC would. */
export function answerWith(stream: ServerHttp2Stream, body: Buffer, trailers: OutgoingHttpHeaders): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+json' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}
