import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { pem } from './test-tls.js';

/** An HTTP/2 reply as it came off the wire. */
export interface Http2Reply {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number };
  /** As latin1. */
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  readonly resetCode: number;
}

/** A session with a server of these tests, as a stranger would open it. */
export async function openSession(number: number, options: ConnectionOptions = {}): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${number}`, { ca: pem('ca'), ...options });
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

/** One request with its whole reply. */
export async function askHttp2(
  session: ClientHttp2Session,
  path: string,
  body: string,
  headers: OutgoingHttpHeaders = {},
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
  stream.end(Buffer.from(body, 'latin1'));
  await once(stream, 'close');
  return { headers: head, body: Buffer.concat(chunks).toString('latin1'), trailers, resetCode: stream.rstCode ?? 0 };
}

/** An HTTP/2 server that does what it is told. */
export interface RawHttp2Server extends AsyncDisposable {
  readonly number: number;
  readonly sessions: readonly ServerHttp2Session[];
}

export async function rawHttp2Server(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: { readonly maxConcurrentStreams?: number } = {},
): Promise<RawHttp2Server> {
  const sessions: ServerHttp2Session[] = [];
  const server = createSecureServer({ cert: pem('server'), key: pem('server-key'), settings });
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

/** Which protocol a server chooses of those that are offered. */
export async function negotiated(number: number, offered: readonly string[]): Promise<string | false | null> {
  const socket = connectTls({ host: '127.0.0.1', port: number, ca: pem('ca'), ALPNProtocols: [...offered] });
  await once(socket, 'secureConnect');
  const { alpnProtocol } = socket;
  socket.destroy();
  return alpnProtocol;
}
