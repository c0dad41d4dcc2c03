import { connect, type Socket } from 'node:net';
import { readGoldenTable } from './golden-table.js';
import { preamble, SegmentReader, segmentBytes } from './tenon-1-frames.mjs';

/** A frame as the reader of this folder gives it. */
export interface RawFrame {
  readonly name: string;
  readonly type: number;
  readonly call: number;
  readonly more: boolean;
  readonly payload: Buffer;
}

/** A client of tenon/1 that sends whatever bytes it is told to, and keeps every frame that comes. */
export class RawPeer {
  readonly frames: RawFrame[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #reader = new SegmentReader();
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      this.frames.push(...(this.#reader.read(chunk) as Iterable<RawFrame>));
      this.#wake();
    });
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    // A server that closes while bytes are under way resets the connection; `close` follows.
    this.#socket.on('error', () => this.#wake());
  }

  /** Sends the first eight bytes and the golden HELLO, and waits for WELCOME. */
  static async open(port: number): Promise<RawPeer> {
    const peer = new RawPeer(port);
    const hello = readGoldenTable().find(({ id }) => id === 'hello');
    if (hello === undefined) throw new Error('the golden table has no HELLO');
    peer.send(Buffer.concat([preamble, segmentBytes([hello.bytes])]));
    await peer.until(({ frames }) => frames.some(({ name }) => name === 'WELCOME'));
    return peer;
  }

  /** Bytes as they stand. */
  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Frames in one segment. */
  sendFrames(...frames: readonly Buffer[]): void {
    this.send(segmentBytes(frames));
  }

  /** The same, in as many writes as there are bytes. */
  sendSlowly(...frames: readonly Buffer[]): void {
    for (const byte of segmentBytes(frames)) this.send(Buffer.from([byte]));
  }

  /** Waits until something holds, which is asked whenever something comes. */
  async until(holds: (peer: RawPeer) => boolean, timeoutMs = 5_000): Promise<void> {
    const timer = setTimeout(() => this.#wake(), timeoutMs);
    const until = performance.now() + timeoutMs - 1;
    while (!holds(this)) {
      if (performance.now() >= until || this.isClosed) {
        clearTimeout(timer);
        const seen = this.frames.slice(-20).map(({ name, payload }) => `${name} ${payload}`);
        const why = this.isClosed ? 'the connection is closed' : `nothing for ${timeoutMs} ms`;
        throw new Error(`${why}; at last came: ${seen.join(', ')}`);
      }
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    clearTimeout(timer);
  }

  /** Waits for one more frame of a name, after those that were there before. */
  async next(name: string, after = this.frames.length): Promise<RawFrame> {
    const find = (): RawFrame | undefined => this.frames.slice(after).find((frame) => frame.name === name);
    await this.until(() => find() !== undefined);
    return find() as RawFrame;
  }

  /** Waits for the end of the connection. */
  async end(): Promise<void> {
    await this.until(({ isClosed }) => isClosed);
  }

  close(): void {
    this.#socket.destroy();
  }
}
