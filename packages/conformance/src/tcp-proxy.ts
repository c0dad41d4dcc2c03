import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between one client and a server on loopback, so that a test can take the server away from this client alone. */
export class TcpProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #mode: 'open' | 'refusing' | 'frozen' = 'open';

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    server.on('connection', (client) => this.#accept(client));
  }

  /** Starts one on a port of its own. */
  static async to(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, targetPort);
  }

  /** Where clients connect: `127.0.0.1:<port>`. */
  get endpoint(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Breaks every connection, and each new one. */
  cut(): void {
    this.#mode = 'refusing';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Half open: connections stay, and new ones are accepted, but no byte passes any more. */
  freeze(): void {
    this.#mode = 'frozen';
    for (const socket of this.#sockets) socket.pause().unpipe();
  }

  /** New connections pass again. Frozen ones are broken, as by a router that forgot them. */
  heal(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#mode = 'open';
  }

  /** Ends it, with every connection. */
  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.#track(client);
    if (this.#mode === 'refusing') client.destroy();
    if (this.#mode !== 'open') return;
    const upstream = connect(this.#targetPort, '127.0.0.1');
    this.#track(upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}
