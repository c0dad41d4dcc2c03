import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** When a server answers: as soon as it knows the request's head, or after its last byte. */
export type Moment = 'at once' | 'at the end';

/** Bare node:http2, which reads what comes and answers `hello`: what Node itself makes of a stranger. */
export async function bareHttp2(answers: Moment, certificate?: { readonly cert: string; readonly key: string }) {
  const server: Http2Server = certificate === undefined ? createServer() : createSecureServer(certificate);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    const answer = (): void => {
      if (stream.closed || stream.destroyed) return;
      stream.respond({ ':status': 200 });
      stream.end('hello');
    };
    if (answers === 'at once') answer();
    else stream.once('end', answer);
    stream.resume();
  });
  server.on('sessionError', () => undefined);
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const session of sessions) session.destroy();
    });
  return { port, [Symbol.asyncDispose]: close };
}
