import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A line to a server on this machine that can be cut: what hangs on the other end of a cut line is, for the server, a
 * process that has crashed.
 */
export class Line {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param target - `host:port` */
  static async to(target: string): Promise<Line> {
    const port = Number(target.split(':').at(-1));
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (near) => {
      if (line.#isCut) {
        near.destroy();
        return;
      }
      const far = connect(port, '127.0.0.1');
      line.#join(near, far);
      line.#join(far, near);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return line;
  }

  /** Where to connect instead of the server: `127.0.0.1:<port>`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Breaks what is connected, and each new connection. The port stays taken, so that nobody else gets it. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
