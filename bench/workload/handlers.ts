import type { Item, Records, Small } from './payloads.js';

/** One message of a stream. */
export interface Tick {
  readonly n: number;
}

/**
 * What every contestant's server answers. Handed to `serve`, so that nobody writes an own one: what is compared is the way
 * to the handler and back.
 */
export interface Handlers {
  small(request: Small): Small;
  records(request: Records): Records;
  /** A server stream of `to` messages. */
  count(request: { readonly to: number }): AsyncGenerator<Tick>;
  /** Answers one message of a stream that goes both ways. */
  echo(message: Tick): Tick;
}

export const handlers: Handlers = Object.freeze({
  small: ({ name, n }: Small): Small => ({ name, n: n + 1 }),

  records({ items }: Records): Records {
    const answer: Item[] = [];
    for (const { id, name, price, active, quantity } of items) {
      answer.push({ id, name, price, active, quantity: quantity + 1 });
    }
    return { items: answer };
  },

  async *count({ to }: { readonly to: number }): AsyncGenerator<Tick> {
    for (let n = 0; n < to; n += 1) yield { n };
  },

  echo: ({ n }: Tick): Tick => ({ n: n + 1 }),
});
