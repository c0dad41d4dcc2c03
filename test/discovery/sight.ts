import type { Registry } from '@tenon/contract';

/** What a client's watch of one service shows, and when. */
export class Sight implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #reading: Promise<void>;
  #ids: ReadonlySet<string> = new Set();
  #changed: () => void = () => {};
  #hasSet = false;

  constructor(registry: Registry, service: string) {
    this.#reading = this.#read(registry, service);
  }

  /** Resolves with `performance.now()` when the first set came. */
  async first(): Promise<number> {
    return await this.#when(() => this.#hasSet, 30_000, 'a first set');
  }

  /** Resolves with `performance.now()` when the node is in the set, or not. */
  async has(id: string, present: boolean, withinMs: number): Promise<number> {
    return await this.#when(
      () => this.#hasSet && this.#ids.has(id) === present,
      withinMs,
      `${id} ${present ? 'in' : 'out'}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#reading;
  }

  async #read(registry: Registry, service: string): Promise<void> {
    for await (const event of registry.watch(service, { signal: this.#ending.signal })) {
      if (event.kind !== 'set') continue;
      this.#hasSet = true;
      this.#ids = new Set(event.records.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
      this.#changed();
    }
  }

  async #when(holds: () => boolean, withinMs: number, what: string): Promise<number> {
    const until = performance.now() + withinMs;
    while (!holds()) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`${what}: not within ${withinMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return performance.now();
  }
}
