import type { ConnectionOptions } from 'node:tls';
import { crc32 } from 'node:zlib';
import { RawPeer } from './raw-peer.js';

// Frames of tenon/1 by hand, as docs/wire/tenon-1.md has them: nothing here uses what is tested.

/** First bytes of a connection. */
export const preamble = Buffer.from('tenon/1\n');

export const frameTypes = Object.freeze({
  hello: 1,
  welcome: 2,
  goAway: 3,
  name: 6,
  call: 0x10,
  message: 0x12,
  reply: 0x14,
  error: 0x15,
  requestRest: 0x19,
  /** Set where the rest of a message is still to come. */
  more: 0x40,
});

export function frame(type: number, id: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header.writeUInt32BE(id >>> 0, 4);
  return Buffer.concat([header, payload]);
}

export function segment(...frames: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(frames);
  return Buffer.concat([segmentHeader(body.length, crc32(body)), body]);
}

export function segmentHeader(length: number, checksum: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUIntBE(length, 0, 3);
  header[3] = (header[0] as number) ^ (header[1] as number) ^ (header[2] as number) ^ 0x5a;
  header.writeUInt32BE(checksum, 4);
  return header;
}

export function hello(service = 'target'): Buffer {
  const text = JSON.stringify({ service, node: '', codecs: ['application/json'] });
  return frame(frameTypes.hello, 0, Buffer.from(text));
}

export function nameOf(number: number, kind: 0 | 1 | 2 | 3, name: string): Buffer {
  const text = Buffer.from(name);
  const head = Buffer.from([0, number >> 8, number & 0xff, kind, text.length]);
  return frame(frameTypes.name, 0, Buffer.concat([head, text]));
}

export function idOf(slot: number, turn = 1): number {
  return turn * 0x1_0000 + slot;
}

export interface Frame {
  readonly type: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** The frames of whole segments, from the beginning. Throws where a checksum is wrong. */
export function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + 8, end);
    if (crc32(body) !== bytes.readUInt32BE(at + 4)) throw new Error('a checksum is wrong');
    frames.push(...plainFramesIn(body));
    at = end;
  }
  return frames;
}

/** Frames that follow each other without segments, as under TLS. */
export function plainFramesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3] as number,
      id: bytes.readUInt32BE(at + 4),
      payload: bytes.subarray(at + 8, end),
    });
    at = end;
  }
  return frames;
}

/** A peer that has greeted, and named `Target.Work` (0), `Target.Pieces` (1) and `Target.Gather` (2). */
export class TenonPeer {
  private constructor(
    readonly peer: RawPeer,
    private readonly json: number,
    private readonly isEncrypted: boolean,
  ) {}

  static async greeted(address: string, tls?: ConnectionOptions): Promise<TenonPeer> {
    const peer = tls === undefined ? await RawPeer.open(address) : await RawPeer.openTls(address, tls);
    const isEncrypted = tls !== undefined;
    peer.send(preamble, isEncrypted ? hello() : segment(hello()));
    const read = isEncrypted ? plainFramesIn : framesIn;
    const welcome = (bytes: Buffer) => read(bytes).find(({ type }) => type === frameTypes.welcome);
    await peer.until((bytes) => welcome(bytes) !== undefined);
    const { codecs } = JSON.parse(`${welcome(peer.bytes)?.payload}`) as { readonly codecs: readonly string[] };
    const greeted = new TenonPeer(peer, codecs.indexOf('application/json'), isEncrypted);
    const names = [nameOf(0, 0, 'Target.Work'), nameOf(1, 1, 'Target.Pieces'), nameOf(2, 2, 'Target.Gather')];
    peer.send(greeted.bytesOf(...names));
    return greeted;
  }

  /** Frames as they stand on this wire: in a segment, or bare under TLS. */
  bytesOf(...frames: readonly Uint8Array[]): Buffer {
    return this.isEncrypted ? Buffer.concat(frames) : segment(...frames);
  }

  get frames(): readonly Frame[] {
    return (this.isEncrypted ? plainFramesIn : framesIn)(this.peer.bytes);
  }

  /** CALL with a request in JSON, or with its first bytes. */
  call(slot: number, turn: number, request: unknown, { endpoint = 0, more = false, raw }: CallForm = {}): Buffer {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(endpoint, 0);
    head[2] = this.json;
    const body = raw ?? Buffer.from(JSON.stringify(request));
    return frame(frameTypes.call | (more ? frameTypes.more : 0), idOf(slot, turn), Buffer.concat([head, body]));
  }

  /** Waits for the reply or the error of a call; undefined where the connection ended first. */
  async answer(slot: number, turn: number, withinMs = 10_000): Promise<'reply' | 'error' | undefined> {
    await this.peer.until(() => this.#answerOf(slot, turn) !== undefined, withinMs);
    const type = this.#answerOf(slot, turn)?.type;
    return type === undefined ? undefined : type === frameTypes.reply ? 'reply' : 'error';
  }

  /** The code of a call's error, as its number in gRPC; `ResourceExhausted` for 8. */
  codeOf(slot: number, turn: number): string {
    const code = this.#answerOf(slot, turn)?.payload[0];
    return code === 8 ? 'ResourceExhausted' : `code ${code}`;
  }

  #answerOf(slot: number, turn: number): Frame | undefined {
    return this.frames.find(
      ({ type, id }) => id === idOf(slot, turn) && (type === frameTypes.reply || type === frameTypes.error),
    );
  }
}

export interface CallForm {
  readonly endpoint?: number;
  readonly more?: boolean;
  readonly raw?: Uint8Array;
}
