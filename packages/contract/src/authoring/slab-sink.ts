import { ServiceError } from '../service-error.js';
import { defaultMaxMessageBytes, type Sink } from '../sink.js';

/**
 * A sink for one message after another, each of which is cut out of the same memory: nothing is copied, and new memory is needed once
 * for many. What is cut out keeps {@link slabBytes} alive, so it is for messages that are soon gone.
 */
export class SlabSink implements Sink {
  buffer: Buffer;
  position = 0;
  readonly #maxBytes: number;
  #start = 0;

  /** @param maxBytes - of one message; `ensure` beyond it throws `ResourceExhausted`. Default 4 MiB. */
  constructor(maxBytes: number = defaultMaxMessageBytes) {
    this.#maxBytes = maxBytes;
    this.buffer = Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Begins a message. What was written since the last one was cut out is forgotten. */
  begin(): void {
    this.position = this.#start;
    if (this.buffer.length - this.#start >= leastRoom && this.buffer.length === slabBytes) return;
    this.buffer = Buffer.allocUnsafeSlow(slabBytes);
    this.#start = 0;
    this.position = 0;
  }

  /** Cuts out what was written since then. */
  end(): Buffer {
    const message = this.buffer.subarray(this.#start, this.position);
    this.#start = this.position;
    return message;
  }

  /** What is written keeps its place in a larger buffer too, as every sink promises. */
  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const written = this.position - this.#start;
    if (written + bytes > this.#maxBytes) {
      throw new ServiceError(
        'ResourceExhausted',
        `a message of ${written + bytes} bytes or more is over the limit of ${this.#maxBytes}`,
        { executed: 'no' },
      );
    }
    const room = Math.min(this.#maxBytes, Math.max(written + bytes, this.buffer.length * 2));
    const grown = Buffer.allocUnsafeSlow(this.#start + room);
    this.buffer.copy(grown, this.#start, this.#start, this.position);
    this.buffer = grown;
  }
}

const slabBytes = 32 * 1_024;
/** With less than that left a message gets new memory, instead of being moved there in its midst. */
const leastRoom = 2 * 1_024;
