import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between the two sides of transports over TCP, for `TransportServerSide.openFreezable`: forwards bytes, until it stops
 * without telling anybody. What connects after that is accepted and finds silence.
 */
export class FreezableRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #callers = new Set<Socket>();
  #frozen = false;

  private constructor(host: string, port: number) {
    this.#server = createServer((from) => this.#relay(from, host, port));
  }

  /** Starts one on a loopback port. */
  static async to(host: string, port: number): Promise<FreezableRelay> {
    const relay = new FreezableRelay(host, port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  /** Where it listens, as `host:port`. */
  get address(): string {
    const address = this.#server.address();
    return typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
  }

  /** How many connections to it are open. */
  get callers(): number {
    return this.#callers.size;
  }

  freeze(): void {
    this.#frozen = true;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(from: Socket, host: string, port: number): void {
    this.#keep(from);
    this.#callers.add(from);
    from.on('close', () => this.#callers.delete(from));
    from.resume();
    if (this.#frozen) return;
    const to = connect({ host, port });
    this.#keep(to);
    this.#forward(from, to);
    this.#forward(to, from);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #forward(one: Socket, other: Socket): void {
    one.on('data', (bytes) => {
      if (!this.#frozen) other.write(bytes);
    });
    one.on('end', () => {
      if (!this.#frozen) other.end();
    });
    one.on('close', () => {
      if (!this.#frozen) other.destroy();
    });
  }
}
