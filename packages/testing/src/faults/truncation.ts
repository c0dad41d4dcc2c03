import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';

export interface CutOptions {
  /** So many bytes of a direction still pass, counted from the injection or the connection's beginning. Range 0 to 1 TiB. */
  readonly afterBytes: number;
}

/** The connection is closed, both ways, once so many bytes have passed. */
export class Truncation implements Fault {
  readonly name: string;
  readonly #afterBytes: number;

  constructor({ afterBytes }: CutOptions) {
    const range = { min: 0, max: 1_024 ** 4, fallback: 0 };
    this.#afterBytes = checkedNumber('truncation.afterBytes', afterBytes, range);
    this.name = `closed after ${this.#afterBytes} bytes`;
  }

  flow(outlet: Outlet): Flow {
    let left = this.#afterBytes;
    return {
      take: (chunk) => {
        if (left > 0) outlet.send(chunk.subarray(0, left));
        left -= chunk.byteLength;
        if (left <= 0) outlet.close();
      },
    };
  }
}
