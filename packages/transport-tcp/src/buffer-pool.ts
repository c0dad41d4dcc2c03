/**
 * Write buffers, lent to a connection while it has something to send: an idle connection holds none, and a thousand busy
 * ones take turns with a few. Long messages wait in such buffers too: memory that is made for each of them lies outside of
 * the engine's heap, and a hundred megabytes of it a second made V8 stop for 20 ms at a time to mark what is alive.
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

  /** A buffer of that size that begins with so many bytes of another, at most {@link pooledBytes}. */
  copyOf(source: Buffer, start: number, end: number): Buffer {
    const copy = this.take();
    source.copy(copy, 0, start, end);
    return copy;
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
