import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';

/** A frame as it stands on the wire, taken apart by hand: nothing here uses what is tested. */
export interface RawFrame {
  readonly type: number;
  readonly id: number;
  readonly payload: Buffer;
}

export const preamble = Buffer.from('tenon/1\n');

export function rawFrame(type: number, id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header.writeUInt32BE(id >>> 0, 4);
  return Buffer.concat([header, payload]);
}

export function rawSegment(...frames: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(frames);
  const header = Buffer.alloc(8);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = (header[0] as number) ^ (header[1] as number) ^ (header[2] as number) ^ 0x5a;
  header.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

/** The frames of whole segments. Throws where a checksum is wrong. */
export function framesOf(bytes: Buffer): readonly RawFrame[] {
  const frames: RawFrame[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + 8, end);
    if (crc32(body) !== bytes.readUInt32BE(at + 4)) throw new Error('a checksum is wrong');
    frames.push(...plainFramesOf(body));
    at = end;
  }
  return frames;
}

/** Frames that follow each other without segments, as under TLS. */
export function plainFramesOf(body: Buffer): readonly RawFrame[] {
  const frames: RawFrame[] = [];
  for (let at = 0; at + 8 <= body.length; ) {
    const end = at + 8 + body.readUIntBE(at, 3);
    if (end > body.length) break;
    frames.push({ type: body[at + 3] as number, id: body.readUInt32BE(at + 4), payload: body.subarray(at + 8, end) });
    at = end;
  }
  return frames;
}

export const greeting = { service: 'greeter', node: '', codecs: ['application/json'] };

/** HELLO (1) or WELCOME (2). */
export function rawGreeting(type: number, members: Readonly<Record<string, unknown>> = {}): Buffer {
  return rawFrame(type, 0, Buffer.from(JSON.stringify({ ...greeting, ...members })));
}

/** NAME of an endpoint. Kinds: 0 unary, 1 server, 2 client, 3 both. */
export function rawName(number: number, kind: number, name: string): Buffer {
  const text = Buffer.from(name);
  return rawFrame(6, 0, Buffer.concat([Buffer.from([0, number >> 8, number & 0xff, kind, text.length]), text]));
}

export interface RawCall {
  readonly endpoint?: number;
  readonly request?: unknown;
  readonly leftMicros?: number;
  readonly more?: boolean;
  readonly raw?: Buffer;
}

/** CALL in JSON. */
export function rawCall(slot: number, turn: number, call: RawCall = {}): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(call.endpoint ?? 0, 0);
  // JSON stands second in the list of the servers here.
  head[2] = 1;
  head.writeUInt32BE(call.leftMicros ?? 0, 4);
  const request =
    call.raw ?? (call.request === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(call.request)));
  return rawFrame(0x10 | (call.more === true ? 0x40 : 0), idOf(slot, turn), Buffer.concat([head, request]));
}

export function idOf(slot: number, turn = 1): number {
  return turn * 0x1_0000 + slot;
}

export function rawCredit(id: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return rawFrame(0x18, id, payload);
}

/** A client made of a socket. */
export class RawClient {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  ended = false;

  private constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    this.socket.on('error', () => {
      this.ended = true;
    });
    this.socket.on('close', () => {
      this.ended = true;
    });
  }

  /** Connects, and says nothing. */
  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    return client;
  }

  /** Connects, greets, and names `Greeter.Hello` (0), `Count` (1), `Sum` (2), `Chat` (3) and `Hold` (4). */
  static async greeted(port: number, members: Readonly<Record<string, unknown>> = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.send(preamble);
    await client.greet(members);
    client.send(
      rawSegment(
        rawName(0, 0, 'Greeter.Hello'),
        rawName(1, 1, 'Greeter.Count'),
        rawName(2, 2, 'Greeter.Sum'),
        rawName(3, 3, 'Greeter.Chat'),
        rawName(4, 0, 'Greeter.Hold'),
      ),
    );
    return client;
  }

  /** Sends HELLO and waits for WELCOME. */
  async greet(members: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.send(rawSegment(rawGreeting(1, members)));
    await this.waitFor((frame) => frame.type === 2);
  }

  get frames(): readonly RawFrame[] {
    return framesOf(this.#bytes);
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Waits for a frame that came already or comes within the bound. */
  async waitFor(wanted: (frame: RawFrame) => boolean, withinMs = 10_000): Promise<RawFrame> {
    const until = performance.now() + withinMs;
    for (;;) {
      const found = this.frames.find(wanted);
      if (found !== undefined) return found;
      if (this.ended) throw new Error(`the connection ended; it said ${this.frames.map(({ type }) => type).join(' ')}`);
      if (performance.now() > until) throw new Error('the frame did not come');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Waits until the server has ended the connection, and gives the GOAWAY that it said before. */
  async goAway(withinMs = 10_000): Promise<{ readonly code: number; readonly reason: string }> {
    const until = performance.now() + withinMs;
    while (!this.ended) {
      if (performance.now() > until) throw new Error('the connection was not ended');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const said = this.frames.findLast(({ type }) => type === 3);
    if (said === undefined) throw new Error('the connection was ended without a word');
    return { code: said.payload[0] as number, reason: said.payload.toString('utf8', 1) };
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}
