import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that was free a moment ago, for those that do not tell which one the system gave them. */
export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
