import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';

export interface SlicesOptions {
  /** How large a slice is. Range 1 to 65,536, default 1. */
  readonly sliceBytes?: number;
}

/**
 * Everything arrives in small pieces: each is a write of its own without Nagle's delay, and a turn of the loop lies between
 * two, so that the peer reads them one by one.
 */
export class Slices implements Fault {
  readonly name: string;
  readonly #sliceBytes: number;

  constructor({ sliceBytes }: SlicesOptions = {}) {
    this.#sliceBytes = checkedNumber('slices.sliceBytes', sliceBytes, { min: 1, max: 65_536, fallback: 1 });
    this.name = `slices of ${this.#sliceBytes} bytes`;
  }

  flow(outlet: Outlet): Flow {
    return new SlicedFlow(outlet, this.#sliceBytes);
  }
}

class SlicedFlow implements Flow {
  #rest: Buffer | undefined;
  #hasEnded = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(
    private readonly outlet: Outlet,
    private readonly sliceBytes: number,
  ) {}

  take(chunk: Buffer): void {
    this.outlet.hold(true);
    const isUnderWay = this.#rest !== undefined;
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!isUnderWay) this.#passSlice();
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#rest === undefined) this.outlet.end();
  }

  stop(): void {
    clearImmediate(this.#turn);
    if (this.#rest !== undefined) this.outlet.send(this.#rest);
    if (this.#rest !== undefined && this.#hasEnded) this.outlet.end();
    this.#rest = undefined;
  }

  #passSlice(): void {
    const rest = this.#rest;
    if (rest === undefined) return;
    if (rest.byteLength === 0) {
      this.#rest = undefined;
      this.outlet.hold(false);
      if (this.#hasEnded) this.outlet.end();
      return;
    }
    this.outlet.send(rest.subarray(0, this.sliceBytes));
    this.#rest = rest.subarray(this.sliceBytes);
    this.#turn = setImmediate(() => this.#passSlice());
  }
}
