import { crc32 } from 'node:zlib';
import {
  frameHeaderBytes,
  maxFramePayloadBytes,
  maxSegmentBodyBytes,
  segmentHeaderBytes,
  segmentLengthCheck,
} from './frame.js';
import { ProtocolViolation } from './protocol-violation.js';

/** Takes the frames of a connection. The buffer is lent for the length of the call. */
export interface FrameTaker {
  /** @throws ProtocolViolation */
  frame(type: number, id: number, buffer: Buffer, start: number, end: number): void;
}

/**
 * The receiving half of a connection: finds the frames in what arrives.
 *
 * What comes in units (segments in the clear, frames under TLS) that lie whole in what was read is checked and walked
 * through in place. A unit that does not is collected in a buffer of its own size, once, whatever the slices are. Every
 * length is checked before anything is allocated by it.
 */
export class FrameReader {
  readonly #taker: FrameTaker;
  readonly #segmented: boolean;
  #maxUnitBytes: number;
  /** What was read, and how far it is done. */
  #chunk: Buffer | undefined;
  #position = 0;
  #end = 0;
  /** The frames of the unit that is being walked through. */
  #body: Buffer | undefined;
  #bodyPosition = 0;
  #bodyEnd = 0;
  /** The unit that is being collected. */
  #unit: Buffer | undefined;
  #unitBytes = 0;
  #head: Uint8Array | undefined;
  #headBytes = 0;
  #stopped = false;

  /** @param segmented - whether frames travel in segments: in the clear. */
  constructor(taker: FrameTaker, segmented: boolean, maxFirstUnitBytes: number) {
    this.#taker = taker;
    this.#segmented = segmented;
    this.#maxUnitBytes = maxFirstUnitBytes;
  }

  /** The peer is known: from now on units may be as large as the protocol allows. */
  greeted(): void {
    this.#maxUnitBytes = this.#segmented ? maxSegmentBodyBytes : maxFramePayloadBytes;
  }

  /**
   * Takes what was read, from `start` to `end`, up to so many frames. Returns whether that was all; if not, the rest is
   * kept, `resume` goes on with it, and nothing else may be read before.
   *
   * @throws ProtocolViolation
   */
  read(chunk: Buffer, start: number, end: number, maxFrames: number): boolean {
    this.#chunk = chunk;
    this.#position = start;
    this.#end = end;
    return this.resume(maxFrames);
  }

  /** @throws ProtocolViolation */
  resume(maxFrames: number): boolean {
    let left = maxFrames;
    while (!this.#stopped) {
      if (this.#body !== undefined) {
        left = this.#walk(this.#body, left);
        if (left < 0) return false;
        this.#body = undefined;
      }
      if (this.#chunk === undefined || this.#position === this.#end) break;
      this.#findUnit(this.#chunk);
    }
    this.#chunk = undefined;
    return true;
  }

  /** Takes nothing more, not even the rest of what is being read. */
  stop(): void {
    this.#stopped = true;
    this.#unit = undefined;
  }

  /** Hands over the frames of a unit. Returns how many more it might have, or -1 where those were not enough. */
  #walk(body: Buffer, maxFrames: number): number {
    const end = this.#bodyEnd;
    let position = this.#bodyPosition;
    for (let left = maxFrames; position < end; left -= 1) {
      if (left === 0) {
        this.#bodyPosition = position;
        return -1;
      }
      if (end - position < frameHeaderBytes) throw cutOff();
      const bytes = length(body, position);
      const start = position + frameHeaderBytes;
      if (bytes > maxFramePayloadBytes) throw new ProtocolViolation(`a frame of ${bytes} bytes`);
      if (start + bytes > end) throw cutOff();
      const id =
        ((body[position + 4] as number) << 24) |
        ((body[position + 5] as number) << 16) |
        ((body[position + 6] as number) << 8) |
        (body[position + 7] as number);
      this.#taker.frame(body[position + 3] as number, id, body, start, start + bytes);
      if (this.#stopped) return 0;
      position = start + bytes;
      if (position === end) return left - 1;
    }
    return maxFrames;
  }

  #findUnit(chunk: Buffer): void {
    const start = this.#position;
    if (this.#headBytes === 0 && this.#end - start >= headerBytes) {
      const end = start + headerBytes + this.#bodyBytes(chunk, start);
      if (end <= this.#end) {
        this.#position = end;
        this.#open(chunk, start, end);
        return;
      }
    }
    this.#collect(chunk);
  }

  /** Goes on with the unit that is being collected. */
  #collect(chunk: Buffer): void {
    this.#head ??= new Uint8Array(headerBytes);
    while (this.#headBytes < headerBytes && this.#position < this.#end) {
      this.#head[this.#headBytes] = chunk[this.#position] as number;
      this.#headBytes += 1;
      this.#position += 1;
    }
    if (this.#headBytes < headerBytes) return;
    if (this.#unit === undefined) {
      this.#unit = Buffer.allocUnsafeSlow(headerBytes + this.#bodyBytes(this.#head, 0));
      this.#unit.set(this.#head);
      this.#unitBytes = headerBytes;
    }
    const unit = this.#unit;
    const bytes = Math.min(unit.length - this.#unitBytes, this.#end - this.#position);
    chunk.copy(unit, this.#unitBytes, this.#position, this.#position + bytes);
    this.#unitBytes += bytes;
    this.#position += bytes;
    if (this.#unitBytes < unit.length) return;
    this.#unit = undefined;
    this.#headBytes = 0;
    this.#open(unit, 0, unit.length);
  }

  /** The length of a unit's body, by its header. */
  #bodyBytes(buffer: Uint8Array, start: number): number {
    const bytes = length(buffer, start);
    if (this.#segmented) {
      const check =
        (buffer[start] as number) ^ (buffer[start + 1] as number) ^ (buffer[start + 2] as number) ^ segmentLengthCheck;
      if (check !== buffer[start + 3]) throw new ProtocolViolation('the length of a segment is damaged');
      if (bytes === 0) throw new ProtocolViolation('an empty segment');
    }
    if (bytes <= this.#maxUnitBytes) return bytes;
    throw new ProtocolViolation(`a ${this.#segmented ? 'segment' : 'frame'} of ${bytes} bytes`);
  }

  /** Checks a whole unit and makes its frames the next ones to be handed over. */
  #open(buffer: Buffer, start: number, end: number): void {
    let bodyStart = start;
    if (this.#segmented) {
      bodyStart += segmentHeaderBytes;
      const checksum =
        ((buffer[start + 4] as number) << 24) |
        ((buffer[start + 5] as number) << 16) |
        ((buffer[start + 6] as number) << 8) |
        (buffer[start + 7] as number);
      if ((crc32(buffer.subarray(bodyStart, end)) | 0) !== checksum)
        throw new ProtocolViolation('a segment is damaged');
    }
    this.#body = buffer;
    this.#bodyPosition = bodyStart;
    this.#bodyEnd = end;
  }
}

function length(buffer: Uint8Array, start: number): number {
  return ((buffer[start] as number) << 16) | ((buffer[start + 1] as number) << 8) | (buffer[start + 2] as number);
}

function cutOff(): ProtocolViolation {
  return new ProtocolViolation('a frame is cut off by the end of its segment');
}

/** Segments and frames both have one of eight bytes, of which the first three are the length. */
const headerBytes = 8;
