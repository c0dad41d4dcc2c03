import assert from 'node:assert/strict';
import { type Registry, type RegistryEvent, ServiceError, type ServiceRecord } from '@tenon/contract';
import { within } from '../eventually.js';
import type { CaseLimits } from '../suite.js';
import { idsOf } from './sample-record.js';

/** Reads a watch event by event, with a bound on each wait, and keeps the sets that it saw. */
export class WatchReader {
  readonly #events: AsyncIterator<RegistryEvent>;
  readonly #patienceMs: number;
  /** The sorted node ids of each set that was read, oldest first. */
  readonly seen: (readonly string[])[] = [];

  constructor(registry: Registry, name: string, { patienceMs }: CaseLimits, signal?: AbortSignal) {
    this.#events = registry.watch(name, { signal })[Symbol.asyncIterator]();
    this.#patienceMs = patienceMs;
  }

  /** The next result as it comes, with a bound. */
  next(what: string): Promise<IteratorResult<RegistryEvent>> {
    return within(this.#events.next(), this.#patienceMs, what);
  }

  /** The next event, which must not be the end. */
  async event(what: string): Promise<RegistryEvent> {
    const result = await this.next(what);
    assert.ok(result.done !== true, `the watch ended; expected ${what}`);
    if (result.value.kind === 'set') this.seen.push(idsOf(result.value.records));
    else assert.ok(result.value.error instanceof ServiceError, 'an error event carries a ServiceError');
    return result.value;
  }

  /** The next event, which must be a set. */
  async set(what: string): Promise<readonly ServiceRecord[]> {
    const event = await this.event(what);
    assert.ok(
      event.kind === 'set',
      `expected ${what}, got the error event: ${event.kind === 'error' && event.error.message}`,
    );
    return event.records;
  }

  /** Reads on until a set holds exactly these nodes. */
  async until(ids: readonly string[], what: string): Promise<readonly ServiceRecord[]> {
    const wanted = JSON.stringify([...ids].sort());
    for (const end = performance.now() + this.#patienceMs; ; ) {
      assert.ok(
        performance.now() < end,
        `${what} did not come; the last sets were ${JSON.stringify(this.seen.slice(-3))}`,
      );
      const event = await this.event(`${what} (so far: ${JSON.stringify(this.seen.slice(-3))})`);
      if (event.kind === 'set' && JSON.stringify(idsOf(event.records)) === wanted) return event.records;
    }
  }

  /** Reads on until an error event. */
  async untilError(what: string): Promise<ServiceError> {
    for (const end = performance.now() + this.#patienceMs; ; ) {
      assert.ok(performance.now() < end, `${what} did not come`);
      const event = await this.event(what);
      if (event.kind === 'error') return event.error;
    }
  }

  /** Leaves the watch, as `break` in a loop does. */
  async leave(): Promise<void> {
    await within(Promise.resolve(this.#events.return?.()), this.#patienceMs, 'leaving a watch');
  }
}
