import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free now, below those that systems give to outgoing connections: for a server that others must
 * know the address of before it runs.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const server = createServer();
    server.listen(lowestPort + Math.floor(Math.random() * (highestPort - lowestPort)), '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (error) {
      if (tries >= 20) throw error;
    }
  }
}

const lowestPort = 12_000;
const highestPort = 32_000;
