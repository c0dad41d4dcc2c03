import { Buffer } from 'node:buffer';
import { ServiceError } from '@tenon/contract';

/** Takes the messages that a {@link FrameReader} finds. */
export interface FrameReceiver {
  /** @param bytes - as they came, the receiver's to keep. */
  onFrame(bytes: Buffer, compressed: boolean): void;
}

/**
 * Cuts the body of a request or a reply into its messages: one byte that says whether it is compressed, four that say its
 * length, and the message.
 *
 * A length is judged before anything is kept of the message, and nothing is allocated by it: what is held is what has come,
 * one limit and one chunk at most.
 */
export class FrameReader {
  readonly #receiver: FrameReceiver;
  readonly #maxMessageBytes: number;
  readonly #head = Buffer.alloc(headBytes);
  #headRead = 0;
  #parts: Buffer[] = [];
  #missingBytes = 0;
  #stopped = false;

  constructor(receiver: FrameReceiver, maxMessageBytes: number) {
    this.#receiver = receiver;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Whether the body may not end here: a message has begun. */
  get inMiddle(): boolean {
    return this.#headRead > 0;
  }

  /** What comes from here on is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#parts = [];
  }

  /**
   * @throws ServiceError `ResourceExhausted` for a message over the limit, `Internal` for a first byte that gRPC reserves.
   * Nothing may be read after it.
   */
  read(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length && !this.#stopped) {
      position = this.#headRead < headBytes ? this.#readHead(chunk, position) : this.#readBody(chunk, position);
    }
  }

  #readHead(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + headBytes - this.#headRead);
    chunk.copy(this.#head, this.#headRead, start, end);
    this.#headRead += end - start;
    if (this.#headRead < headBytes) return end;
    const flag = this.#head[0] ?? 0;
    const length = this.#head.readUInt32BE(1);
    if (flag > 1) throw reserved(flag);
    if (length > this.#maxMessageBytes) throw tooLong(length, this.#maxMessageBytes);
    this.#missingBytes = length;
    if (length === 0) this.#complete(nothing);
    return end;
  }

  #readBody(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#missingBytes);
    const part = chunk.subarray(start, end);
    this.#missingBytes -= part.length;
    if (this.#missingBytes > 0) this.#parts.push(part);
    else if (this.#parts.length === 0) this.#complete(part);
    else {
      const whole = Buffer.concat([...this.#parts, part]);
      this.#parts = [];
      this.#complete(whole);
    }
    return end;
  }

  #complete(bytes: Buffer): void {
    this.#headRead = 0;
    this.#receiver.onFrame(bytes, this.#head[0] === 1);
  }
}

/** What stands before each message. */
export const headBytes = 5;

const nothing = Buffer.alloc(0);

function reserved(flag: number): ServiceError {
  return ServiceError.refusal('Internal', `a message begins with ${flag}, where gRPC knows 0 and 1 only`);
}

function tooLong(bytes: number, maxBytes: number): ServiceError {
  return ServiceError.refusal('ResourceExhausted', `a message of ${bytes} bytes is over the limit of ${maxBytes}`);
}
