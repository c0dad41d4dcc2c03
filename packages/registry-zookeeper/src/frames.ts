/** What the server sends, cut into its messages: each is its length in four bytes, big endian, and as many bytes. */
export class Frames {
  readonly #take: (frame: Buffer) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #isFirst = true;

  /** @param take - gets each message whole, with its length. */
  constructor(take: (frame: Buffer) => void) {
    this.#take = take;
  }

  /** @throws Error where this cannot be ZooKeeper, or wants too much memory. */
  feed(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.#take(frame);
  }

  #next(): Buffer | undefined {
    if (this.#pendingBytes < 4) return undefined;
    const bytes = 4 + this.#checkedLength(this.#joined(4).readInt32BE(0));
    if (this.#pendingBytes < bytes) return undefined;
    const all = this.#joined(bytes);
    this.#pendingBytes -= bytes;
    this.#pending[0] = all.subarray(bytes);
    this.#isFirst = false;
    return all.subarray(0, bytes);
  }

  /** The first pending piece, made so large that it holds `bytes`: pieces of a large message are joined once, when it is whole. */
  #joined(bytes: number): Buffer {
    const [first] = this.#pending;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#pending);
    this.#pending = [joined];
    return joined;
  }

  #checkedLength(length: number): number {
    if (length < 0 || length > (this.#isFirst ? maxGreetingBytes : maxFrameBytes)) {
      throw new Error(`whoever answers does not speak ZooKeeper's protocol (a message of ${length} bytes)`);
    }
    return length;
  }
}

/** The answer to a connect request has 37 bytes. Whoever speaks HTTP seems to announce more than a gigabyte. */
const maxGreetingBytes = 1_024;
/** A directory of 100,000 nodes takes 4 MiB, a value of others at most about 1 MiB. */
const maxFrameBytes = 16 * 1_024 * 1_024;
