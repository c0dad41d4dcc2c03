import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { Clock } from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel } from '@tenon/contract/authoring';

/** What is wanted to know of a connection's first bytes. */
export interface Sniffing<V> {
  /** How long the peer may take to send enough of them, in milliseconds. */
  readonly timeoutMs: number;
  /** Looks at all that has come so far. Undefined: more is needed. */
  judge(read: Buffer): V | undefined;
  /** Called once with the verdict; all that came is to be read from the socket again. */
  settle(verdict: V): void;
  /** Called instead where time ran out, with whether anything had come. */
  silent(began: boolean): void;
}

/**
 * Looks at the first bytes of connections without taking them: whoever gets the socket afterwards reads it from its first
 * byte, and finds it as if nobody had listened to it (neither flowing nor paused). The whole look has one deadline, so
 * that a peer gains nothing by dripping.
 */
export class Sniffer {
  readonly #wheel: DeadlineWheel;
  readonly #clock: Clock;
  readonly #looks = new Set<Look>();
  #longestMs = Number.POSITIVE_INFINITY;

  constructor(wheel: DeadlineWheel, clock: Clock) {
    this.#wheel = wheel;
    this.#clock = clock;
  }

  /** A peer that ends or breaks the connection before there is a verdict is forgotten. */
  sniff<V>(socket: Duplex, sniffing: Sniffing<V>): void {
    const look = new Look(socket, sniffing as Sniffing<unknown>, () => {
      this.#wheel.remove(look);
      this.#looks.delete(look);
    });
    this.#looks.add(look);
    this.#limit(look, sniffing.timeoutMs);
  }

  /** From here on nobody has longer than this. */
  hurry(longestMs: number): void {
    this.#longestMs = longestMs;
    for (const look of this.#looks) {
      this.#wheel.remove(look);
      this.#limit(look, longestMs);
    }
  }

  #limit(look: Look, timeoutMs: number): void {
    look.deadline = Math.min(look.deadline, this.#clock.now() + Math.min(timeoutMs, this.#longestMs));
    this.#wheel.add(look);
  }
}

class Look implements DeadlineEntry {
  deadline = Number.POSITIVE_INFINITY;
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #socket: Duplex;
  readonly #sniffing: Sniffing<unknown>;
  readonly #onStop: () => void;
  #read: Buffer | undefined;

  constructor(socket: Duplex, sniffing: Sniffing<unknown>, onStop: () => void) {
    this.#socket = socket;
    this.#sniffing = sniffing;
    this.#onStop = onStop;
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#stop);
  }

  onDeadline(): void {
    this.#stop();
    this.#sniffing.silent(this.#read !== undefined);
  }

  readonly #onReadable = (): void => {
    const chunk: unknown = this.#socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    const read = this.#read === undefined ? chunk : Buffer.concat([this.#read, chunk]);
    this.#read = read;
    const verdict = this.#sniffing.judge(read);
    if (verdict === undefined) return;
    this.#stop();
    this.#socket.unshift(read);
    // Node forgets the listener above in the next tick; until then the stream would not flow for another one.
    process.nextTick(() => {
      if (!this.#socket.destroyed) this.#sniffing.settle(verdict);
    });
  };

  readonly #onEnd = (): void => {
    this.#stop();
    this.#socket.destroy();
  };

  readonly #stop = (): void => {
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#stop);
    this.#onStop();
  };
}
