import { ServiceError } from '@tenon/contract';

/** A message that arrives in pieces. */
export class MessageAssembly {
  readonly #maxBytes: number;
  #buffer: Buffer;
  #bytes = 0;

  /** @param maxBytes - more than that is never kept. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(maxBytes, firstBytes));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What has arrived; valid until the next piece. */
  get content(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }

  /** Adds a piece. Returns false, and keeps nothing of it, where the message is over its limit then. */
  append(buffer: Buffer, start: number, end: number): boolean {
    const needed = this.#bytes + end - start;
    if (needed > this.#maxBytes) return false;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.#buffer.length * 2)));
      this.#buffer.copy(grown, 0, 0, this.#bytes);
      this.#buffer = grown;
    }
    buffer.copy(this.#buffer, this.#bytes, start, end);
    this.#bytes = needed;
    return true;
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
const firstBytes = 128 * 1_024;
