import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';

export interface BandwidthOptions {
  /** Range 100 to 1,000,000,000. */
  readonly bytesPerSecond: number;
}

/** A narrow line: so many bytes a second in each direction it is put on, in a hundred pieces a second. */
export class Bandwidth implements Fault {
  readonly name: string;
  readonly #pieceBytes: number;

  constructor({ bytesPerSecond }: BandwidthOptions) {
    const range = { min: 100, max: 1_000_000_000, fallback: 100 };
    const checked = checkedNumber('bandwidth.bytesPerSecond', bytesPerSecond, range);
    this.name = `${checked} bytes a second`;
    this.#pieceBytes = Math.floor((checked * pieceMs) / 1_000);
  }

  flow(outlet: Outlet): Flow {
    return new NarrowFlow(outlet, this.#pieceBytes);
  }
}

class NarrowFlow implements Flow {
  #rest: Buffer | undefined;
  #hasEnded = false;
  #isResting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly outlet: Outlet,
    private readonly pieceBytes: number,
  ) {}

  take(chunk: Buffer): void {
    this.outlet.hold(true);
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isResting) this.#passPiece();
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#rest === undefined) this.outlet.end();
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#rest !== undefined) this.outlet.send(this.#rest);
    if (this.#rest !== undefined && this.#hasEnded) this.outlet.end();
    this.#rest = undefined;
  }

  #passPiece(): void {
    const rest = this.#rest;
    this.#isResting = rest !== undefined;
    if (rest === undefined) return;
    this.outlet.send(rest.subarray(0, this.pieceBytes));
    this.#rest = rest.byteLength > this.pieceBytes ? rest.subarray(this.pieceBytes) : undefined;
    // The time of each piece, the last one too, is over before the next may leave.
    this.#timer = setTimeout(() => this.#passPiece(), pieceMs);
    if (this.#rest !== undefined) return;
    this.outlet.hold(false);
    if (this.#hasEnded) this.outlet.end();
  }
}

const pieceMs = 10;
