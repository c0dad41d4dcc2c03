import { Duplex } from 'node:stream';
import { framesOf, type RawFrame } from './raw-peer.js';

/** A socket whose other end is the test: it keeps what is written, and takes it at once or when it is told to. */
export class TestSocket {
  readonly duplex: Duplex;
  readonly writes: Buffer[] = [];
  #blocked = false;
  #taken: (() => void)[] = [];

  constructor() {
    this.duplex = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        // A socket may keep a part of what it was given until later; what it sends is what the buffer holds then.
        const take = (): void => {
          this.writes.push(Buffer.from(chunk));
          done();
        };
        if (this.#blocked) this.#taken.push(take);
        else take();
      },
      highWaterMark: 16 * 1_024,
    });
  }

  /** From now on it takes nothing. */
  block(): void {
    this.#blocked = true;
  }

  /** It takes one write, and then nothing again. */
  takeOne(): void {
    this.#taken.shift()?.();
  }

  /** It takes everything again, what came meanwhile first. */
  unblock(): void {
    this.#blocked = false;
    for (const take of this.#taken.splice(0)) take();
  }

  get frames(): readonly RawFrame[] {
    return framesOf(Buffer.concat(this.writes));
  }

  /** The payloads of all frames, as text. */
  get texts(): readonly string[] {
    return this.frames.map(({ payload }) => payload.toString());
  }
}
