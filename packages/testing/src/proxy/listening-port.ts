import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/**
 * A port of 127.0.0.1 that can be closed, so that the system refuses connections, and opened again. It lies below those that
 * systems give to outgoing connections, so that none of these takes it meanwhile.
 */
export class ListeningPort {
  readonly port: number;
  readonly #accept: (socket: Socket) => void;
  #server: Server | undefined;

  private constructor(port: number, server: Server, accept: (socket: Socket) => void) {
    this.port = port;
    this.#server = server;
    this.#accept = accept;
  }

  /** Opens a random one that is free. */
  static async open(accept: (socket: Socket) => void): Promise<ListeningPort> {
    for (let tries = 0; ; tries += 1) {
      const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
      try {
        return new ListeningPort(port, await listen(port, accept), accept);
      } catch (error) {
        if (tries >= 20) throw error;
      }
    }
  }

  get isOpen(): boolean {
    return this.#server !== undefined;
  }

  async reopen(): Promise<void> {
    this.#server ??= await listen(this.port, this.#accept);
  }

  /** Refuses from now on. Connections that were accepted stay. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }
}

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept);
  server.listen({ port, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  return server;
}

const lowestPort = 12_000;
const highestPort = 32_000;
