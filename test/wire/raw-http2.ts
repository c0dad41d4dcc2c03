import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** An HTTP/2 reply as it came off the wire. */
export interface Http2Reply {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number };
  /** As latin1. */
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  readonly resetCode: number;
}

/**
 * A session as a stranger would open it.
 *
 * @param ready - `remoteSettings`: from then on Node opens no more streams than the server allows.
 */
export async function openHttp2(
  url: string,
  ready: 'connect' | 'remoteSettings' = 'connect',
  options: SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const session = connect(url, options);
  session.on('error', () => {});
  await once(session, ready);
  return session;
}

/** One request with its whole reply. @param ends - whether the body ends. */
export async function askHttp2(
  session: ClientHttp2Session,
  path: string,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
  ends = true,
): Promise<Http2Reply> {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
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
  return { headers: head, body: Buffer.concat(chunks).toString('latin1'), trailers, resetCode: stream.rstCode ?? 0 };
}

/** An HTTP/2 server that does what it is told. */
export interface RawHttp2Server extends AsyncDisposable {
  readonly number: number;
  readonly sessions: readonly ServerHttp2Session[];
}

/** Listens on a port of its own, and has every stream answered by `answer`. */
export async function serveHttp2(
  server: Http2Server | Http2SecureServer,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<RawHttp2Server> {
  const sessions: ServerHttp2Session[] = [];
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
