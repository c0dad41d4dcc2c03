/**
 * Write buffers, lent to a connection while it has something to send: an idle connection holds none, and a thousand busy
 * ones take turns with a few.
 */
export class BufferPool {
  /** What stands for no buffer. */
  readonly none = Buffer.alloc(0);
  readonly #free: Buffer[] = [];

  /** How many wait for use. */
  get size(): number {
    return this.#free.length;
  }

  /** A buffer of {@link pooledBytes} with arbitrary contents. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pooledBytes);
  }

  /** Takes one back that nobody reads or writes any more. One of another size is dropped. */
  give(buffer: Buffer): void {
    if (buffer.length === pooledBytes && this.#free.length < maxFree) this.#free.push(buffer);
  }
}

/** Room for what is sent early (see the writer) and a frame that began before that. */
export const pooledBytes = 64 * 1_024;

/** At most 2 MiB wait for use. */
const maxFree = 32;
