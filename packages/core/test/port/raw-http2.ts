import type { Socket } from 'node:net';
import {
  ack,
  endHeaders,
  endStream,
  fieldBlock,
  http2Frame,
  http2Preface,
  http2Types,
} from '../../../../test/wire/http2-frames.js';

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** `GET http://a/` plus what is given, in HPACK without compression. */
export function headerBlock(path = '/', fields: readonly (readonly [string, string])[] = []): Buffer {
  const all = [[':path', path], [':authority', 'a'], ...fields] as const;
  return Buffer.concat([Buffer.from([0x82, 0x86]), fieldBlock(all)]);
}

/** Frames as they come, for tests of what Node's own client would not send. */
export class RawHttp2 {
  readonly frames: RawFrame[] = [];
  readonly socket: Socket;
  closed = false;
  readonly #settings: boolean;
  #read: Buffer = Buffer.alloc(0);

  /** Begins the connection, and where `settings` is true sends its own and acknowledges the server's. */
  constructor(socket: Socket, settings = true) {
    this.socket = socket;
    this.#settings = settings;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.once('close', () => {
      this.closed = true;
    });
    socket.once('end', () => socket.end());
    socket.write(settings ? Buffer.concat([http2Preface, http2Frame(http2Types.settings, 0, 0)]) : http2Preface);
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
  }

  open(stream: number, block = headerBlock(), flags = endHeaders | endStream): void {
    this.send(http2Frame(http2Types.headers, flags, stream, block));
  }

  of(type: number, stream?: number): RawFrame[] {
    return this.frames.filter((one) => one.type === type && (stream === undefined || one.stream === stream));
  }

  /** Code and debug data of the last GOAWAY. */
  get goAway(): { readonly last: number; readonly code: number; readonly reason: string } | undefined {
    const payload = this.of(http2Types.goAway).at(-1)?.payload;
    if (payload === undefined) return undefined;
    return { last: payload.readUInt32BE(0), code: payload.readUInt32BE(4), reason: payload.toString('latin1', 8) };
  }

  /** Every reason that a GOAWAY gave. */
  get reasons(): string {
    return this.of(http2Types.goAway)
      .map(({ payload }) => payload.toString('latin1', 8))
      .join(' ');
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    while (this.#read.length >= 9) {
      const length = this.#read.readUIntBE(0, 3);
      if (this.#read.length < 9 + length) return;
      const [type = 0, flags = 0] = this.#read.subarray(3, 5);
      const payload = this.#read.subarray(9, 9 + length);
      this.frames.push({ type, flags, stream: this.#read.readUInt32BE(5), payload });
      this.#read = this.#read.subarray(9 + length);
      if (this.#settings && type === http2Types.settings && (flags & ack) === 0)
        this.send(http2Frame(http2Types.settings, ack, 0));
    }
  }
}
