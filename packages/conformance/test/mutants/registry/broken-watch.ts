import type { RegistryEvent, ServiceRecord } from '@tenon/contract';

/** A watch whose events are replaced, one by any number, by their number from 0. */
export async function* mapped(
  events: AsyncIterable<RegistryEvent>,
  replace: (event: RegistryEvent, index: number) => readonly RegistryEvent[],
): AsyncGenerator<RegistryEvent, void> {
  let index = 0;
  for await (const event of events) {
    yield* replace(event, index);
    index += 1;
  }
}

/** A watch that takes every event as soon as it comes and queues it for the reader; several sources run together. */
export function eager(...sources: readonly AsyncIterable<RegistryEvent>[]): AsyncIterable<RegistryEvent> {
  return { [Symbol.asyncIterator]: () => new EagerWatch(sources) };
}

/** The same event with other records. */
export function withRecords(
  event: RegistryEvent,
  change: (records: readonly ServiceRecord[]) => readonly ServiceRecord[],
): RegistryEvent {
  return event.kind === 'set' ? { kind: 'set', records: change(event.records) } : event;
}

export const emptySet: RegistryEvent = Object.freeze({ kind: 'set', records: [] });

class EagerWatch implements AsyncIterator<RegistryEvent> {
  readonly #sources: readonly AsyncIterator<RegistryEvent>[];
  readonly #queue: RegistryEvent[] = [];
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(sources: readonly AsyncIterable<RegistryEvent>[]) {
    this.#sources = sources.map((source) => source[Symbol.asyncIterator]());
    for (const source of this.#sources) void this.#pump(source);
  }

  async next(): Promise<IteratorResult<RegistryEvent>> {
    while (this.#queue.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const event = this.#queue.shift();
    return event === undefined ? { value: undefined, done: true } : { value: event, done: false };
  }

  async return(): Promise<IteratorResult<RegistryEvent>> {
    // Not awaited: a generator that waits for its next event answers after it.
    for (const source of this.#sources) void source.return?.();
    return { value: undefined, done: true };
  }

  async #pump(source: AsyncIterator<RegistryEvent>): Promise<void> {
    for (let result = await source.next(); result.done !== true; result = await source.next()) {
      this.#queue.push(result.value);
      this.#wake();
    }
    this.#isEnded = true;
    this.#wake();
  }
}
