import type { Readable } from 'node:stream';

/** Takes a body that a {@link RequestBody} has read. */
export interface BodyReceiver {
  onBody(body: Buffer): void;
  /** It is over the limit. Its rest is the receiver's to drop. */
  onBodyTooLarge(): void;
}

/**
 * Reads a request's body, counting while it arrives: never more than `maxBytes` and one chunk are held. A body that is cut
 * off is told to nobody here: its connection has ended.
 */
export class RequestBody {
  readonly #source: Readable;
  readonly #receiver: BodyReceiver;
  readonly #maxBytes: number;
  #first: Buffer | undefined = undefined;
  #more: Buffer[] | undefined = undefined;
  #bytes = 0;
  #announcedBytes = Number.NaN;

  constructor(source: Readable, receiver: BodyReceiver, maxBytes: number) {
    this.#source = source;
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
  }

  /** @param announcedBytes - what the head says, `NaN` where it says nothing. */
  read(announcedBytes: number): void {
    this.#announcedBytes = announcedBytes;
    if (announcedBytes > this.#maxBytes) {
      this.#receiver.onBodyTooLarge();
      return;
    }
    this.#source.on('data', this.#onData);
    this.#source.on('end', this.#onEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.#stop();
      this.#receiver.onBodyTooLarge();
    } else if (this.#first === undefined) this.#first = chunk;
    else {
      this.#more ??= [this.#first];
      this.#more.push(chunk);
    }
  };

  readonly #onEnd = (): void => {
    // Node's HTTP/2 clients end a body before they reset its stream.
    if (this.#bytes < this.#announcedBytes) return;
    const body = this.#more === undefined ? this.#first : Buffer.concat(this.#more, this.#bytes);
    this.#receiver.onBody(body ?? nothing);
  };

  #stop(): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#first = undefined;
    this.#more = undefined;
  }
}

const nothing = Buffer.alloc(0);
