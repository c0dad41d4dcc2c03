import type { Socket } from 'node:net';
import { Packr, RESERVE_START_SPACE, REUSE_BUFFER_MODE } from 'msgpackr';
import { headerBytes, paddedEnd } from './frames.js';

/** When pending frames are written. */
export interface Flushing {
  /** `immediate`: once, after the event loop's turn. `early`: at the next tick, before that at 32 frames or 16 KiB. */
  readonly when: 'immediate' | 'early';
}

/** What msgpackr hands out in its reuse mode: its buffer, and where in it the message lies. */
type Packed = Buffer & { readonly start: number; readonly end: number };

/**
 * Encodes frames one behind the other into a buffer lent from a pool, the header in place, and writes them in one go.
 */
export class FrameWriter {
  readonly #flush = (): void => this.#write();
  #buffer: Buffer | undefined;
  #end = 0;
  #frames = 0;

  constructor(
    private readonly socket: Socket,
    private readonly pool: Buffer[],
    private readonly flushing: Flushing,
  ) {}

  send(endpoint: number, id: number, value: unknown): void {
    if (this.#buffer === undefined) {
      this.#buffer = this.pool.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
      if (this.flushing.when === 'immediate') setImmediate(this.#flush);
      else process.nextTick(this.#flush);
    }
    packr.useBuffer(this.#buffer);
    packr.position = this.#end;
    const packed = packr.pack(value, mode) as Packed;
    // Near its end, or on growth, msgpackr goes on in a buffer of its own.
    if (packed !== this.#buffer) this.#continueIn(packed);
    const { start, end } = packed;
    packed.writeUInt32LE(end - start - headerBytes, start);
    packed.writeUInt32LE(endpoint, start + 4);
    packed.writeUInt32LE(id, start + 8);
    this.#end = paddedEnd(start, end);
    this.#frames += 1;
    if (this.flushing.when === 'early' && (this.#frames >= earlyFrames || this.#end >= earlyBytes))
      this.#writePending();
  }

  #continueIn(packed: Buffer): void {
    this.#writePending();
    this.#buffer = packed;
  }

  #write(): void {
    this.#writePending();
    const buffer = this.#buffer;
    this.#buffer = undefined;
    if (buffer?.length === bufferBytes && this.pool.length < maxPooled) this.pool.push(buffer);
  }

  #writePending(): void {
    if (this.#buffer === undefined || this.#end === 0) return;
    this.socket.write(this.#buffer.subarray(0, this.#end));
    this.#end = 0;
    this.#frames = 0;
    // The kernel took everything: the buffer is free at once. Otherwise it stays with the socket.
    if (this.socket.writableLength > 0) this.#buffer = this.pool.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }
}

const packr = new Packr({ useRecords: false });
const mode = REUSE_BUFFER_MODE | RESERVE_START_SPACE | headerBytes;
const bufferBytes = 64 * 1_024;
const maxPooled = 8;
const earlyFrames = 32;
const earlyBytes = 16 * 1_024;
