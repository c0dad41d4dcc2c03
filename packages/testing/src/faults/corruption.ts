import { checkedNumber } from '@tenon/contract/authoring';
import type { Fault, Flow, Outlet } from './fault.js';

export interface CorruptionOptions {
  /** One bit in so many bytes is flipped. Range 1 to 1 GiB, default 10,240. */
  readonly everyBytes?: number;
}

/** One bit of the last byte of each so many is flipped, which one is random. Counted over the whole direction of a connection. */
export class Corruption implements Fault {
  readonly name: string;
  readonly #everyBytes: number;

  constructor({ everyBytes }: CorruptionOptions = {}) {
    const range = { min: 1, max: 1_024 ** 3, fallback: 10 * 1_024 };
    this.#everyBytes = checkedNumber('corruption.everyBytes', everyBytes, range);
    this.name = `one bit flipped in ${this.#everyBytes} bytes`;
  }

  flow(outlet: Outlet): Flow {
    const every = this.#everyBytes;
    let seen = 0;
    return {
      take: (chunk) => {
        const changed = Buffer.from(chunk);
        for (let at = every - 1 - (seen % every); at < changed.byteLength; at += every) {
          changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
        }
        seen += chunk.byteLength;
        outlet.send(changed);
      },
    };
  }
}
