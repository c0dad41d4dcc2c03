import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { RawFrame } from './raw-peer.js';
import { preamble, SegmentReader, segmentBytes } from './tenon-1-frames.mjs';

/** What a server by hand does: which bytes it sends for which frame. */
export type Answer = (frame: RawFrame) => Buffer | undefined;

/** A server of tenon/1 that answers frames with whatever bytes it is told to, and keeps those that come. */
export class RawServer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #said: ((frames: readonly RawFrame[]) => void)[];

  private constructor(server: Server, sockets: Set<Socket>, said: ((frames: readonly RawFrame[]) => void)[]) {
    this.#server = server;
    this.#sockets = sockets;
    this.#said = said;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(answer: Answer): Promise<RawServer> {
    const sockets = new Set<Socket>();
    const said: ((frames: readonly RawFrame[]) => void)[] = [];
    const server = createServer((socket) => {
      sockets.add(socket);
      const frames: RawFrame[] = [];
      const reader = new SegmentReader();
      let skip = preamble.length;
      socket.on('data', (chunk) => {
        const skipped = Math.min(skip, chunk.length);
        skip -= skipped;
        for (const frame of reader.read(chunk.subarray(skipped)) as Iterable<RawFrame>) {
          frames.push(frame);
          const bytes = answer(frame);
          if (bytes !== undefined) socket.write(bytes);
        }
      });
      // A client that refuses may reset the connection; `close` follows.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        for (const tell of said.splice(0)) tell(frames);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server, sockets, said);
  }

  /** Everything that the next client to leave has said. */
  left(): Promise<readonly RawFrame[]> {
    return new Promise((resolve) => this.#said.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}

/** Frames in one segment. */
export function segmentOf(...frames: readonly Buffer[]): Buffer {
  return segmentBytes(frames);
}
