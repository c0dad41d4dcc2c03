import { ServiceError } from '../service-error.js';
import { defaultMaxMessageBytes, type Sink } from '../sink.js';

/** A sink that owns its buffer and grows it by doubling, up to a limit. Reusable: `reset` and encode again. */
export class BufferSink implements Sink {
  buffer: Buffer;
  position = 0;
  readonly #maxBytes: number;

  /**
   * @param maxBytes - `ensure` beyond it throws `ResourceExhausted`. Default 4 MiB.
   * @param initialBytes - size of the first buffer. Default 1 KiB.
   */
  constructor(maxBytes: number = defaultMaxMessageBytes, initialBytes = 1_024) {
    this.#maxBytes = maxBytes;
    this.buffer = Buffer.allocUnsafeSlow(Math.min(initialBytes, maxBytes));
  }

  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    if (needed > this.#maxBytes) {
      throw new ServiceError(
        'ResourceExhausted',
        `a message of ${needed} bytes or more is over the limit of ${this.#maxBytes}`,
        {
          executed: 'no',
        },
      );
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.buffer.length * 2)));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  /** A copy of what was written, independent of the sink. */
  bytes(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.position));
  }

  reset(): void {
    this.position = 0;
  }
}
