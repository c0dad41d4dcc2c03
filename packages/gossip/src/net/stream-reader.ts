import type { Duplex } from 'node:stream';
import { MsgpackReader, malformed, type WireFields } from '../wire/msgpack.js';
import type { InboundBudget } from './inbound-budget.js';

/** How much of a stream is read. */
export interface StreamLimits {
  /** What one stream may hold. */
  readonly maxBytes: number;
  /** What all may hold. */
  readonly budget: InboundBudget;
}

/** Reads a stream piece by piece. Memory grows with what has arrived, never with what was announced. */
export class StreamReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #limits: StreamLimits;
  #buffer: Buffer;
  #length: number;
  #position = 0;
  #taken = 0;

  constructor(stream: Duplex, limits: StreamLimits) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#limits = limits;
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  async byte(): Promise<number> {
    return (await this.bytes(1)).readUInt8(0);
  }

  async bytes(count: number): Promise<Buffer> {
    if (count > this.#limits.maxBytes) throw malformed(`a stream announces ${count} bytes`);
    while (this.#length - this.#position < count) await this.#more();
    this.#position += count;
    return this.#buffer.subarray(this.#position - count, this.#position);
  }

  /** The next struct, as soon as it is there. */
  async fields(): Promise<WireFields> {
    for (;;) {
      const reader = new MsgpackReader(this.#buffer.subarray(0, this.#length), this.#position);
      try {
        const fields = reader.fields();
        this.#position = reader.position;
        return fields;
      } catch (thrown) {
        if (!reader.hasRunOut) throw thrown;
      }
      await this.#more();
    }
  }

  /** Reads on in bytes that came out of the stream, decrypted or unpacked. */
  continueIn(bytes: Buffer): void {
    this.#buffer = bytes;
    this.#length = bytes.length;
    this.#position = 0;
  }

  /** Gives back what was taken from the budget. */
  release(): void {
    this.#limits.budget.give(this.#taken);
    this.#taken = 0;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw malformed('a stream ended within a message');
    const chunk = value as Buffer;
    if (this.#length + chunk.length > this.#limits.maxBytes) throw malformed('a stream is too long');
    this.#grow(this.#length + chunk.length);
    chunk.copy(this.#buffer, this.#length);
    this.#length += chunk.length;
  }

  #grow(length: number): void {
    if (length <= this.#buffer.length) return;
    const size = Math.max(length, Math.min(this.#buffer.length * 2, this.#limits.maxBytes), 4_096);
    const added = size - this.#buffer.length;
    if (!this.#limits.budget.take(added)) throw malformed('too many streams are being read');
    this.#taken += added;
    const grown = Buffer.allocUnsafe(size);
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
