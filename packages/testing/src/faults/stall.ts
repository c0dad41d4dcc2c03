import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';
import type { CutOptions } from './truncation.js';

/** Nothing passes any more once so many bytes have; the connection stays. What was held back arrives after healing. */
export class Stall implements Fault {
  readonly name: string;
  readonly #afterBytes: number;

  constructor({ afterBytes }: CutOptions) {
    const range = { min: 0, max: 1_024 ** 4, fallback: 0 };
    this.#afterBytes = checkedNumber('stall.afterBytes', afterBytes, range);
    this.name = `stalled after ${this.#afterBytes} bytes`;
  }

  flow(outlet: Outlet): Flow {
    let left = this.#afterBytes;
    const held: Buffer[] = [];
    let hasEnded = false;
    return {
      take: (chunk) => {
        const passed = chunk.subarray(0, left);
        if (passed.byteLength > 0) outlet.send(passed);
        left -= passed.byteLength;
        if (passed.byteLength < chunk.byteLength) held.push(chunk.subarray(passed.byteLength));
        if (left === 0) outlet.hold(true);
      },
      end: () => {
        hasEnded = true;
      },
      stop: () => {
        for (const chunk of held.splice(0)) outlet.send(chunk);
        if (hasEnded) outlet.end();
      },
    };
  }
}
