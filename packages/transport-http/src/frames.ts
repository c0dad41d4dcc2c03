import { ServiceError } from '@tenon/contract';

/**
 * Length-prefixed messages: one byte that says what follows, its length in four bytes, big-endian, and the bytes.
 *
 * `message`: one message. `end`: the stream is complete; empty, or, in replies, the record of the error that it ends with. A
 * body that ends without it was cut off. `enough`: in replies, the server reads no further requests; empty.
 */
export const frameType = Object.freeze({ message: 0, end: 1, enough: 2 });

/** The bytes before a frame's own. */
const frameHeadBytes = 5;

/** One frame, ready to be sent. */
export function frame(type: number, bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(frameHeadBytes + bytes.length);
  framed[0] = type;
  framed.writeUInt32BE(bytes.length, 1);
  framed.set(bytes, frameHeadBytes);
  return framed;
}

/** Takes what a {@link FrameReader} has read. */
export interface FrameReceiver {
  /** @param bytes - belong to the receiver. */
  onFrame(type: number, bytes: Buffer): void;
}

/** Cuts a body into frames, wherever its chunks begin and end. Holds at most one frame beside the chunk at hand. */
export class FrameReader {
  readonly #receiver: FrameReceiver;
  readonly #maxBytes: number;
  /** What has arrived of a frame that is not whole: its head at first, then the whole frame's room. */
  #partial: Buffer = nothing;
  #filled = 0;
  #stopped = false;

  /** @param maxBytes - the largest frame, without its head. */
  constructor(receiver: FrameReceiver, maxBytes: number) {
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
  }

  /** Reads no more: what is left of the chunk at hand is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#partial = nothing;
  }

  /**
   * Reads a chunk, and keeps no reference to it.
   *
   * @throws ServiceError `ResourceExhausted` from the head of a frame that is over the limit, before any room is made
   * for it; `InvalidArgument` for a type that there is not.
   */
  read(chunk: Buffer): void {
    let offset = 0;
    while (!this.#stopped && offset < chunk.length) {
      if (this.#filled > 0) offset = this.#readPartial(chunk, offset);
      else {
        const end = this.#endOfFrame(chunk, offset);
        if (end > chunk.length) {
          this.#keep(chunk, offset);
          return;
        }
        this.#deliver(chunk[offset] ?? 0, Buffer.from(chunk.subarray(offset + frameHeadBytes, end)));
        offset = end;
      }
    }
  }

  /** Where the frame that begins at `offset` ends; beyond the chunk where its head is not whole. */
  #endOfFrame(chunk: Buffer, offset: number): number {
    if (chunk.length - offset < frameHeadBytes) return Number.POSITIVE_INFINITY;
    return offset + frameHeadBytes + this.#checkedLength(chunk, offset);
  }

  #checkedLength(buffer: Buffer, offset: number): number {
    const type = buffer[offset] ?? 0;
    if (type > frameType.enough) {
      throw new ServiceError('InvalidArgument', `a stream has a frame of type ${type}, which there is not`);
    }
    const length = buffer.readUInt32BE(offset + 1);
    if (length > this.#maxBytes) {
      const text = `a message of ${length} bytes in a stream is over the limit of ${this.#maxBytes}`;
      throw new ServiceError('ResourceExhausted', text);
    }
    return length;
  }

  #keep(chunk: Buffer, offset: number): void {
    const bytes = chunk.length - offset;
    const room = bytes < frameHeadBytes ? frameHeadBytes : frameHeadBytes + this.#checkedLength(chunk, offset);
    this.#partial = Buffer.allocUnsafe(room);
    chunk.copy(this.#partial, 0, offset);
    this.#filled = bytes;
  }

  #readPartial(chunk: Buffer, offset: number): number {
    const taken = Math.min(chunk.length - offset, this.#partial.length - this.#filled);
    chunk.copy(this.#partial, this.#filled, offset, offset + taken);
    this.#filled += taken;
    if (this.#filled === frameHeadBytes && this.#partial.length === frameHeadBytes) this.#makeRoom();
    if (this.#filled === this.#partial.length) {
      const whole = this.#partial;
      this.#partial = nothing;
      this.#filled = 0;
      this.#deliver(whole[0] ?? 0, whole.subarray(frameHeadBytes));
    }
    return offset + taken;
  }

  /** The head is whole now. */
  #makeRoom(): void {
    const length = this.#checkedLength(this.#partial, 0);
    if (length === 0) return;
    const room = Buffer.allocUnsafe(frameHeadBytes + length);
    this.#partial.copy(room);
    this.#partial = room;
  }

  #deliver(type: number, bytes: Buffer): void {
    this.#receiver.onFrame(type, bytes);
  }
}

const nothing = Buffer.alloc(0);
