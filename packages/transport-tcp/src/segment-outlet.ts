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
  #waiting: Filled[] = [];
  /** The buffers of writes that are not done, in order; the empty one stands for a buffer that is in use again. */
  readonly #unwritten: Buffer[] = [];
  #onWrittenAll: () => void = () => {};

  /** @param segmented - whether frames travel in segments with a checksum. */
  constructor(socket: Duplex, pool: BufferPool, segmented: boolean) {
    this.#socket = socket;
    this.#pool = pool;
    this.bodyStart = segmented ? segmentHeaderBytes : 0;
  }

  /** How many buffers wait here. */
  get kept(): number {
    return this.#waiting.length;
  }

  /** Whether the peer takes less than is written. */
  get congested(): boolean {
    return this.#waiting.length > 0 || this.#socket.writableNeedDrain;
  }

  /** What waits on this side, roughly. */
  get pendingBytes(): number {
    return this.#waiting.length * pooledBytes + this.#socket.writableLength;
  }

  /** Sees to it that `listener` is called whenever all that was written has been handed to the system. */
  onWrittenAll(listener: () => void): void {
    this.#onWrittenAll = listener;
  }

  /** Writes a buffer. Returns whether the system took everything at once, so that the buffer is free. */
  write(buffer: Buffer, end: number): boolean {
    if (this.bodyStart > 0) seal(buffer, end);
    this.#socket.write(buffer.subarray(0, end), this.#onWritten);
    const free = this.#socket.writableLength === 0;
    this.#unwritten.push(free ? this.#pool.none : buffer);
    return free;
  }

  /** Keeps a buffer until the socket takes it. */
  keep(buffer: Buffer, end: number): void {
    this.#waiting.push({ buffer, end });
  }

  /** Writes what was kept, as far as the socket takes it. Returns whether it takes more. */
  flush(): boolean {
    while (this.#waiting.length > 0) {
      if (this.#socket.writableNeedDrain) return false;
      const { buffer, end } = this.#waiting.shift() as Filled;
      if (this.write(buffer, end)) this.#pool.give(buffer);
    }
    return !this.#socket.writableNeedDrain;
  }

  /** Sends a short frame ahead of whatever waits here. */
  sendNow(type: number, payload: Uint8Array): void {
    const start = this.bodyStart;
    const bytes = Buffer.alloc(start + frameHeaderBytes + payload.length);
    bytes.writeUIntBE(payload.length, start, 3);
    bytes[start + 3] = type;
    bytes.set(payload, start + frameHeaderBytes);
    if (start > 0) seal(bytes, bytes.length);
    this.#unwritten.push(this.#pool.none);
    this.#socket.write(bytes, this.#onWritten);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }

  readonly #onWritten = (): void => {
    const buffer = this.#unwritten.shift();
    if (buffer !== undefined) this.#pool.give(buffer);
    if (this.#socket.writableLength === 0) this.#onWrittenAll();
  };
}

interface Filled {
  readonly buffer: Buffer;
  readonly end: number;
}

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
