import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { framesOf, preamble, type RawFrame, rawFrame, rawGreeting, rawSegment } from './raw-peer.js';

/** A server made of sockets, for one client at a time, that does what a test says. */
export class RawServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  socket: Socket | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(onFrame: (frame: RawFrame, server: RawServer) => void) {
    let seen = 0;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.socket = socket;
      this.#sockets.add(socket);
      this.#bytes = Buffer.alloc(0);
      seen = 0;
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        this.#bytes = Buffer.concat([this.#bytes, chunk]);
        const { frames } = this;
        for (const frame of frames.slice(seen)) onFrame(frame, this);
        seen = frames.length;
      });
    });
  }

  /** Welcomes every client, with these members, and then calls `onFrame` for each further frame. */
  static async welcoming(
    members: Readonly<Record<string, unknown>> = {},
    onFrame: (frame: RawFrame, server: RawServer) => void = () => {},
  ): Promise<RawServer> {
    return RawServer.start((frame, server) => {
      if (frame.type === 1) server.send(rawSegment(rawGreeting(2, members)));
      else onFrame(frame, server);
    });
  }

  static async start(onFrame: (frame: RawFrame, server: RawServer) => void): Promise<RawServer> {
    const server = new RawServer(onFrame);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get address(): string {
    const address = this.#server.address();
    return typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
  }

  /** What the present client has sent. */
  get frames(): readonly RawFrame[] {
    return framesOf(this.#bytes.subarray(preamble.length));
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket?.write(Buffer.concat(bytes));
  }

  reply(id: number, value: unknown): void {
    this.send(rawSegment(rawFrame(0x14, id, Buffer.concat([Buffer.alloc(1), Buffer.from(JSON.stringify(value))]))));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
