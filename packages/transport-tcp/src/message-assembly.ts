import { ServiceError } from '@tenon/contract';

/**
 * A message that arrives in pieces.
 *
 * It is kept in blocks and put together only when it is whole: a buffer that grows would hold what it grew from for a while, and
 * so more than twice the limit for a message that is refused in the end.
 */
export class MessageAssembly {
  readonly #maxBytes: number;
  readonly #full: Buffer[] = [];
  #block: Buffer;
  /** Of the last block. */
  #used = 0;
  #bytes = 0;

  /** @param maxBytes - more than that is never kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#block = Buffer.allocUnsafeSlow(Math.min(maxBytes, blockBytes));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What has arrived; valid until the next piece. */
  get content(): Buffer {
    const last = this.#block.subarray(0, this.#used);
    return this.#full.length === 0 ? last : Buffer.concat([...this.#full, last], this.#bytes);
  }

  /** Adds a piece. Returns false, and keeps nothing of it, where the message is over its limit then. */
  append(buffer: Buffer, start: number, end: number): boolean {
    if (this.#bytes + end - start > this.#maxBytes) return false;
    for (let from = start; from < end; ) {
      if (this.#used === this.#block.length) this.#startBlock();
      const copied = buffer.copy(this.#block, this.#used, from, end);
      this.#used += copied;
      this.#bytes += copied;
      from += copied;
    }
    return true;
  }

  #startBlock(): void {
    this.#full.push(this.#block);
    this.#block = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes - this.#bytes, blockBytes));
    this.#used = 0;
  }
}

/** Whoever has a request, a reply or a message of a stream that is not whole yet. */
export interface Assembler {
  readonly assembledBytes: number;
  /** There is no room for it any more: its call is to end with that error. */
  overrun(error: ServiceError): void;
}

/** What is not whole yet: of one connection, or of all. */
export class Assemblies {
  readonly #maxBytes: number;
  /** In the order in which they began. */
  readonly #assemblers: Assembler[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** One begins. */
  add(assembler: Assembler): void {
    this.#assemblers.push(assembler);
  }

  /** One is whole, or of no use any more. Must be told before its bytes change again. */
  remove(assembler: Assembler): void {
    const index = this.#assemblers.indexOf(assembler);
    if (index < 0) return;
    this.#assemblers.splice(index, 1);
    this.#bytes -= assembler.assembledBytes;
  }

  /** One grew by so many bytes. Over the limit, the one that began last has to end. */
  grew(bytes: number): void {
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const last = this.#assemblers.at(-1) as Assembler;
      this.remove(last);
      const text = `the messages that are not whole yet take more than ${this.#maxBytes} bytes`;
      last.overrun(new ServiceError('ResourceExhausted', text));
    }
  }
}

/** What may be not whole yet on one connection. */
export const maxAssembledBytes = 16 * 1_024 * 1_024;
const blockBytes = 128 * 1_024;
