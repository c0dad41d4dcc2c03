import type { Registry, ServiceError } from '@tenon/contract';

/** Follows a watch to its end, and keeps what it yielded, for tests that ask about it at any time. */
export class WatchedSet {
  /** The sorted node ids of every set, oldest first. */
  readonly sets: (readonly string[])[] = [];
  /** Every error, oldest first. */
  readonly errors: ServiceError[] = [];
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;

  constructor(registry: Registry, service: string) {
    this.#ended = this.#follow(registry, service);
  }

  /** The newest set; `undefined` before the first. */
  get ids(): readonly string[] | undefined {
    return this.sets.at(-1);
  }

  /** Leaves the watch, and resolves when it has ended. */
  async leave(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #follow(registry: Registry, service: string): Promise<void> {
    for await (const event of registry.watch(service, { signal: this.#abort.signal })) {
      if (event.kind === 'error') this.errors.push(event.error);
      else this.sets.push(event.records.flatMap((record) => record.nodes.map((node) => node.id)).sort());
    }
  }
}
