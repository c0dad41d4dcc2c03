import {
  type Clock,
  type InboxEntry,
  type InboxMark,
  type InboxStore,
  type Logger,
  ServiceError,
} from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';

/** What a {@link PatientStore} works with. */
export interface PatientParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly holdMs: number;
}

/**
 * A store whose absence costs time and not events: before an effect it is waited for, because an event that is handed back too often
 * would go to the dead letters for a fault of the store; after an effect it is told for as long as the claim lasts.
 */
export class PatientStore {
  readonly #store: InboxStore;
  readonly #parts: PatientParts;
  #isAway = false;

  constructor(store: InboxStore, parts: PatientParts) {
    this.#store = store;
    this.#parts = parts;
  }

  /** Waits for the store as long as it takes. Rejects when the signal aborts. */
  read(key: string, signal: AbortSignal): Promise<InboxEntry | undefined> {
    return this.#until(signal, () => this.#store.read(key));
  }

  /** The same. A write whose answer was lost is found out by the next read. */
  write(key: string, mark: InboxMark, revision: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    return this.#until(signal, () => this.#store.write(key, mark, revision));
  }

  /** A sign of life: the new revision, `away` where the store did not answer, `lost` where somebody else has the event. Never rejects. */
  async renew(key: string, mark: InboxMark, revision: number): Promise<number | 'away' | 'lost'> {
    try {
      const renewed = await this.#store.write(key, mark, revision);
      if (renewed !== undefined) return renewed;
      const entry = await this.#store.read(key);
      // It may be a write of our own whose answer was lost; what the store forgot is taken again.
      if (entry !== undefined && !isOf(mark, entry)) return 'lost';
      return (await this.#store.write(key, mark, entry?.revision)) ?? 'lost';
    } catch (thrown) {
      this.#away(thrown);
      return 'away';
    }
  }

  /** The effect has happened: tells the store, for up to `holdMs`. Resolves with false where it could not. Never rejects. */
  async note(key: string, mark: InboxMark, revision: number): Promise<boolean> {
    const { clock, logger, holdMs } = this.#parts;
    const end = clock.now() + holdMs;
    let error: unknown;
    for (let failures = 0; ; ) {
      try {
        return await this.#noted(key, mark, revision);
      } catch (thrown) {
        error = thrown;
        this.#away(thrown);
      }
      failures += 1;
      const delayMs = backoffMs(failures, askAgain);
      if (clock.now() + delayMs > end || !isAway(error)) break;
      await new Pause(clock).for(delayMs);
    }
    logger.error('an event was handled, but the inbox could not note it: if it comes again, it is handled again', {
      key,
      error,
    });
    return false;
  }

  /** The event is anybody's again, if it still is ours. Never rejects. */
  async free(key: string, mark: InboxMark, revision: number): Promise<void> {
    try {
      if (await this.#store.remove(key, revision)) return;
      const entry = await this.#store.read(key);
      if (entry !== undefined && isOf(mark, entry)) await this.#store.remove(key, entry.revision);
    } catch (thrown) {
      this.#away(thrown);
    }
  }

  /** Whoever wrote it meanwhile: what has happened has happened. */
  async #noted(key: string, mark: InboxMark, revision: number): Promise<boolean> {
    let at: number | undefined = revision;
    while ((await this.#store.write(key, mark, at)) === undefined) at = (await this.#store.read(key))?.revision;
    this.#isAway = false;
    return true;
  }

  async #until<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts;
    for (let failures = 1; ; failures += 1) {
      try {
        const answer = await ask();
        this.#isAway = false;
        return answer;
      } catch (thrown) {
        if (!isAway(thrown) || signal.aborted) throw thrown;
        this.#away(thrown);
      }
      const pause = new Pause(clock);
      const wake = (): void => pause.wake();
      signal.addEventListener('abort', wake);
      await pause.for(backoffMs(failures, askAgain));
      signal.removeEventListener('abort', wake);
      if (signal.aborted) throw signal.reason;
    }
  }

  /** Said once for each time that the store is away. */
  #away(error: unknown): void {
    if (this.#isAway || !isAway(error)) return;
    this.#isAway = true;
    this.#parts.logger.warn('the store of the inbox does not answer; events wait until it does', { error });
  }
}

function isOf({ state, holder }: InboxMark, entry: InboxEntry): boolean {
  return entry.state === state && entry.holder === holder;
}

function isAway(thrown: unknown): boolean {
  const { code } = ServiceError.from(thrown);
  return code === 'Unavailable' || code === 'DeadlineExceeded' || code === 'ResourceExhausted';
}

const askAgain = Object.freeze({ baseMs: 100, factor: 2, maxMs: 2_000, jitter: 0.5 });
