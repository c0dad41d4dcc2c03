import { once } from 'node:events';
import { createServer } from 'node:http2';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { echoService } from './connect/echo-service.mjs';

// Connect's own protocol in binary over HTTP/2, one session.

export const startsSlowly = true;

export async function serve(handlers) {
  const routes = (router) =>
    router.service(echoService(), {
      small: (request) => handlers.small(request),
      records: (request) => handlers.records(request),
      count: (request) => handlers.count(request),
      async *converse(messages) {
        for await (const message of messages) yield handlers.echo(message);
      },
    });
  const server = createServer(connectNodeAdapter({ routes }));
  const sessions = new Set();
  server.on('session', (session) => sessions.add(session.on('close', () => sessions.delete(session))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, close };
}

export async function connect(baseUrl) {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: true, sessionManager });
  const client = createClient(echoService(), transport);
  return {
    small: (request) => client.small(request),
    records: (request) => client.records(request),
    close: async () => sessionManager.abort(),
  };
}
