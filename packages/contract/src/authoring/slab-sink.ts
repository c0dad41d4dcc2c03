import { ServiceError } from '../service-error.js';
import { defaultMaxMessageBytes, type Sink } from '../sink.js';

/**
 * A sink for one message after another, each of which is cut out of the same memory: nothing is copied, and new memory is needed once
 * for many. What is cut out keeps 32 KiB alive, so it is for messages that are soon gone. A message may have 4 MiB.
 */
export class SlabSink implements Sink {
  buffer: Buffer;
  position = 0;
  #start = 0;

  constructor() {
    this.buffer = Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Begins a message. What was written since the last one was cut out is forgotten. */
  begin(): void {
    if (this.buffer.length !== slabBytes || slabBytes - this.#start < leastRoom) this.#renew();
    this.position = this.#start;
  }

  /** Cuts out what was written since then. */
  end(): Buffer {
    const message = this.buffer.subarray(this.#start, this.position);
    this.#start = this.position;
    // What was made for one large message is not kept for the next.
    if (this.buffer.length !== slabBytes) this.#renew();
    return message;
  }

  #renew(): void {
    this.buffer = Buffer.allocUnsafeSlow(slabBytes);
    this.#start = 0;
  }

  /** What is written keeps its place in a larger buffer too, as every sink promises. Throws `ResourceExhausted` beyond 4 MiB of one message. */
  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const written = this.position - this.#start;
    if (written + bytes > defaultMaxMessageBytes) {
      throw new ServiceError(
        'ResourceExhausted',
        `a message of ${written + bytes} bytes or more is over the limit of ${defaultMaxMessageBytes}`,
        { executed: 'no' },
      );
    }
    const room = Math.min(defaultMaxMessageBytes, Math.max(written + bytes, this.buffer.length * 2));
    const grown = Buffer.allocUnsafeSlow(this.#start + room);
    this.buffer.copy(grown, this.#start, this.#start, this.position);
    this.buffer = grown;
  }
}

const slabBytes = 32 * 1_024;
/** With less than that left a message gets new memory, instead of being moved there in its midst. */
const leastRoom = 2 * 1_024;
