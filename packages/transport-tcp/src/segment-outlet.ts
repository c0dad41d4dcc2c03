import type { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type BufferPool, pooledBytes } from './buffer-pool.js';
import { frameHeaderBytes, segmentHeaderBytes, segmentLengthCheck } from './frame.js';

/**
 * Where buffers of whole frames leave: as segments in the clear, as they are under TLS. What the socket does not take waits
 * here, in order.
 */
export class SegmentOutlet {
  /** Where frames begin in a buffer: behind the segment's header, or at 0 where TLS does its work. */
  readonly bodyStart: number;
  readonly #socket: Duplex;
  readonly #pool: BufferPool;
  readonly #onWrittenAll: () => void;
  #waiting: Filled[] | undefined;
  /** How many writes began and ended, and the buffers of those under way that were not taken at once. */
  #begun = 0;
  #ended = 0;
  #lent: Lent[] | undefined;

  /**
   * @param segmented - whether frames travel in segments with a checksum.
   * @param onWrittenAll - called whenever all that was written has been handed to the system.
   */
  constructor(socket: Duplex, pool: BufferPool, segmented: boolean, onWrittenAll: () => void) {
    this.#socket = socket;
    this.#pool = pool;
    this.#onWrittenAll = onWrittenAll;
    this.bodyStart = segmented ? segmentHeaderBytes : 0;
  }

  /** How many buffers wait here. */
  get kept(): number {
    return this.#waiting === undefined ? 0 : this.#waiting.length;
  }

  /** Whether the peer takes less than is written. */
  get congested(): boolean {
    return this.#waiting !== undefined || this.#socket.writableNeedDrain;
  }

  /** What waits on this side, roughly. */
  get pendingBytes(): number {
    return this.kept * pooledBytes + this.#socket.writableLength;
  }

  /** Writes a buffer. Returns whether the system took everything at once, so that the buffer is free. */
  write(buffer: Buffer, end: number): boolean {
    if (this.bodyStart > 0) seal(buffer, end);
    this.#socket.write(buffer.subarray(0, end), this.#onWritten);
    this.#begun += 1;
    if (this.#socket.writableLength === 0) return true;
    this.#lent ??= [];
    this.#lent.push({ buffer, write: this.#begun });
    return false;
  }

  /** Keeps a buffer until the socket takes it. */
  keep(buffer: Buffer, end: number): void {
    this.#waiting ??= [];
    this.#waiting.push({ buffer, end });
  }

  /** Writes what was kept, as far as the socket takes it. Returns whether it takes more. */
  flush(): boolean {
    while (this.#waiting !== undefined) {
      if (this.#socket.writableNeedDrain) return false;
      const { buffer, end } = this.#waiting.shift() as Filled;
      if (this.#waiting.length === 0) this.#waiting = undefined;
      if (this.write(buffer, end)) this.#pool.give(buffer);
    }
    return !this.#socket.writableNeedDrain;
  }

  /**
   * Sends a short frame ahead of whatever waits here.
   *
   * @param opening - what goes before it and is no frame.
   */
  sendNow(type: number, payload: Uint8Array, opening: Uint8Array = nothing): void {
    const whole = Buffer.alloc(opening.length + this.bodyStart + frameHeaderBytes + payload.length);
    whole.set(opening);
    const start = this.bodyStart;
    const bytes = opening.length === 0 ? whole : whole.subarray(opening.length);
    bytes.writeUIntBE(payload.length, start, 3);
    bytes[start + 3] = type;
    bytes.set(payload, start + frameHeaderBytes);
    if (start > 0) seal(bytes, bytes.length);
    this.#socket.write(whole, this.#onWritten);
    this.#begun += 1;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = undefined;
  }

  readonly #onWritten = (): void => {
    this.#ended += 1;
    const first = this.#lent?.[0];
    if (first !== undefined && first.write <= this.#ended) {
      this.#pool.give(first.buffer);
      this.#lent = this.#lent?.length === 1 ? undefined : this.#lent?.slice(1);
    }
    if (this.#socket.writableLength === 0) this.#onWrittenAll();
  };
}

interface Filled {
  readonly buffer: Buffer;
  readonly end: number;
}

interface Lent {
  readonly buffer: Buffer;
  /** The number of the write that still needs it. */
  readonly write: number;
}

const nothing = new Uint8Array(0);

/** Puts the header before a segment's body. */
function seal(buffer: Buffer, end: number): void {
  const bytes = end - segmentHeaderBytes;
  const high = bytes >>> 16;
  const middle = (bytes >>> 8) & 0xff;
  const low = bytes & 0xff;
  buffer[0] = high;
  buffer[1] = middle;
  buffer[2] = low;
  buffer[3] = high ^ middle ^ low ^ segmentLengthCheck;
  const checksum = crc32(buffer.subarray(segmentHeaderBytes, end));
  buffer[4] = checksum >>> 24;
  buffer[5] = checksum >>> 16;
  buffer[6] = checksum >>> 8;
  buffer[7] = checksum;
}
