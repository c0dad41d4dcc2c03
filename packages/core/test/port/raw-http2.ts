import type { Socket } from 'node:net';

/** Frame types of RFC 9113, 6. */
export const frameType = Object.freeze({
  data: 0x0,
  headers: 0x1,
  reset: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
});

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const endHeaders = 0x4;
export const endStream = 0x1;
export const ack = 0x1;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `GET http://a/` plus what is given, in HPACK without compression. */
export function headerBlock(path = '/', fields: readonly (readonly [string, string])[] = []): Buffer {
  const all = [[':path', path], [':authority', 'a'], ...fields] as const;
  return Buffer.concat([Buffer.from([0x82, 0x86]), ...all.map(([name, value]) => literal(name, value))]);
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
    socket.write(settings ? Buffer.concat([preface, frame(frameType.settings, 0, 0)]) : preface);
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
  }

  open(stream: number, block = headerBlock(), flags = endHeaders | endStream): void {
    this.send(frame(frameType.headers, flags, stream, block));
  }

  of(type: number, stream?: number): RawFrame[] {
    return this.frames.filter((one) => one.type === type && (stream === undefined || one.stream === stream));
  }

  /** Code and debug data of the last GOAWAY. */
  get goAway(): { readonly last: number; readonly code: number; readonly reason: string } | undefined {
    const payload = this.of(frameType.goAway).at(-1)?.payload;
    if (payload === undefined) return undefined;
    return { last: payload.readUInt32BE(0), code: payload.readUInt32BE(4), reason: payload.toString('latin1', 8) };
  }

  /** Every reason that a GOAWAY gave. */
  get reasons(): string {
    return this.of(frameType.goAway)
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
      if (this.#settings && type === frameType.settings && (flags & ack) === 0)
        this.send(frame(frameType.settings, ack, 0));
    }
  }
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x00), hpackText(name), hpackText(value)]);
}

function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const head = [0x7f];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}
