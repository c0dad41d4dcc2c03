import type { RegistryEvent } from '../../registry.js';
import { ServiceError } from '../../service-error.js';
import { LatestValue } from '../latest-value.js';

/** Feeds one watch from when it is read until it is left; `stop` frees what that took. */
export type WatchFeed = (events: LatestValue<RegistryEvent>) => { stop(): void };

/** The watches of a registry that are being read: ended by their reader, by their signal, or all at once. */
export class OpenWatches {
  readonly #open = new Set<LatestValue<RegistryEvent>>();
  readonly #registry: string;
  #isClosed = false;

  /** @param registry - for the error of who comes too late: `the etcd registry`. */
  constructor(registry: string) {
    this.#registry = registry;
  }

  /** What `Registry.watch` returns: each iteration is a watch of its own, which `feed` begins to feed. */
  watch(feed: WatchFeed, signal: AbortSignal | undefined): AsyncIterable<RegistryEvent> {
    return { [Symbol.asyncIterator]: () => this.#begin(feed, signal) };
  }

  /** Ends all. Later ones reject with `FailedPrecondition`. */
  close(): void {
    this.#isClosed = true;
    for (const events of [...this.#open]) events.end();
  }

  #begin(feed: WatchFeed, signal: AbortSignal | undefined): AsyncIterator<RegistryEvent> {
    if (this.#isClosed) return { next: () => Promise.reject(closedError(this.#registry)) };
    let feeding: { stop(): void } | undefined;
    const end = (): void => events.end();
    const events = new LatestValue<RegistryEvent>(() => {
      feeding?.stop();
      this.#open.delete(events);
      signal?.removeEventListener('abort', end);
    });
    if (signal?.aborted === true) {
      end();
      return events;
    }
    this.#open.add(events);
    signal?.addEventListener('abort', end);
    feeding = feed(events);
    return events;
  }
}

/** What every method of a registry rejects with after `close`. */
export function closedError(registry: string): ServiceError {
  return new ServiceError('FailedPrecondition', `${registry} was closed`, { executed: 'no' });
}
