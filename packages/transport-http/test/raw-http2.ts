import { once } from 'node:events';
import {
  type ClientHttp2Session,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { pem } from '../../../test/tls/test-tls.js';
import { openHttp2, type RawHttp2Server, serveHttp2 } from '../../../test/wire/raw-http2.js';

/** A session under TLS with a server of these tests. */
export function openSession(number: number, options: ConnectionOptions = {}): Promise<ClientHttp2Session> {
  return openHttp2(`https://127.0.0.1:${number}`, 'connect', { ca: pem('ca'), ...options });
}

/** A server under TLS. */
export function rawHttp2Server(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: { readonly maxConcurrentStreams?: number } = {},
): Promise<RawHttp2Server> {
  return serveHttp2(createSecureServer({ cert: pem('server'), key: pem('server-key'), settings }), answer);
}

/** Which protocol a server chooses of those that are offered. */
export async function negotiated(number: number, offered: readonly string[]): Promise<string | false | null> {
  const socket = connectTls({ host: '127.0.0.1', port: number, ca: pem('ca'), ALPNProtocols: [...offered] });
  await once(socket, 'secureConnect');
  const { alpnProtocol } = socket;
  socket.destroy();
  return alpnProtocol;
}
