import type { Registry, RegistryEvent } from '@tenon/contract';

/** Reads a watch, and keeps what it said: the addresses of each set, the code of each error. */
export class WatchReader {
  readonly seen: (readonly string[] | string)[] = [];
  readonly #events: AsyncIterator<RegistryEvent>;

  constructor(registry: Registry, service: string) {
    this.#events = registry.watch(service)[Symbol.asyncIterator]();
  }

  /** What the next event says, or `end`. */
  async next(): Promise<readonly string[] | string> {
    const { value, done } = await this.#events.next();
    if (done === true) return 'end';
    const event: RegistryEvent = value;
    const said =
      event.kind === 'error'
        ? event.error.code
        : event.records.flatMap(({ nodes }) => nodes.map(({ address }) => address));
    this.seen.push(said);
    return said;
  }

  async leave(): Promise<void> {
    await this.#events.return?.();
  }
}
