import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server of this machine, whether that runs or not, and writes down when somebody connected. */
export class Relay implements AsyncDisposable {
  /** When each connection was accepted, in milliseconds since this process began. */
  readonly acceptedAt: number[] = [];
  /** Whether who connects is cut off at once, as where nothing runs behind it. */
  isShut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    const [host = '', port] = target.split(':');
    this.#server = createServer((client) => {
      this.acceptedAt.push(performance.now());
      if (this.isShut) return void client.destroy();
      const server = connect({ host, port: Number(port), noDelay: true });
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  /** @param target - `host:port`; while nothing listens there, who connects is cut off at once. */
  static async before(target: string): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
