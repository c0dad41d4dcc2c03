import type { Clock, InboxEntry, InboxMark } from '@tenon/contract';
import { orAborted, Pause } from '@tenon/contract/authoring';
import type { PatientStore } from './patient-store.js';

/** What a claim is made with. */
export interface ClaimParts {
  readonly store: PatientStore;
  readonly clock: Clock;
  readonly holdMs: number;
  /** Gives up waiting for somebody else who handles the event, or for the store. */
  readonly signal: AbortSignal;
  /** Told, at most once, that somebody else has taken the event over: no sign of life had reached the store for `holdMs`. */
  readonly onLost: () => void;
}

/**
 * Makes an event this process's own, or finds that it was handled. Where somebody else has it, waits for what becomes of that: until
 * it is handled, or let go, or nothing was heard of it for `holdMs` by this process's own clock, so that clocks need not agree.
 *
 * Rejects with `Canceled` when the signal aborts, and holds nothing then.
 */
export function claim(key: string, parts: ClaimParts): Promise<Claim | 'handled'> {
  return orAborted(parts.signal, async () => {
    const pause = new Pause(parts.clock);
    const wake = (): void => pause.wake();
    parts.signal.addEventListener('abort', wake);
    try {
      return await claimed(key, parts, pause);
    } finally {
      parts.signal.removeEventListener('abort', wake);
    }
  });
}

async function claimed(key: string, parts: ClaimParts, pause: Pause): Promise<Claim | 'handled'> {
  const { store, clock, holdMs, signal } = parts;
  const mark: InboxMark = Object.freeze({ state: 'held', holder: crypto.randomUUID() });
  // Most events come once, and are free.
  let isFree = true;
  let seen: { readonly revision: number; readonly at: number } | undefined;
  for (let waits = 1; ; ) {
    const written: number | undefined = isFree ? await store.write(key, mark, seen?.revision, signal) : undefined;
    const entry: InboxEntry | undefined =
      written === undefined ? await store.read(key, signal) : { ...mark, revision: written };
    if (entry?.state === 'handled') return 'handled';
    // Just written, or before, by a write whose answer was lost.
    const isOurs = entry?.holder === mark.holder;
    if (signal.aborted) {
      if (isOurs) await store.free(key, mark, entry.revision);
      throw signal.reason;
    }
    if (isOurs) return new Claim(key, mark, entry.revision, parts);
    if (entry === undefined) seen = undefined;
    else if (seen?.revision !== entry.revision) seen = { revision: entry.revision, at: clock.now() };
    isFree = seen === undefined || clock.now() - seen.at >= holdMs;
    if (isFree || seen === undefined) continue;
    await pause.for(Math.min(firstWaitMs * 2 ** waits, holdMs / 10, seen.at + holdMs - clock.now()));
    waits = Math.min(waits + 1, 10);
  }
}

/** An event that is this process's own, as long as it says so again and again. */
export class Claim {
  readonly #key: string;
  readonly #mark: InboxMark;
  readonly #parts: ClaimParts;
  #revision: number;
  /** The sign of life that is on its way. */
  #sign: Promise<void> | undefined;
  #isSettled = false;
  #cancel: () => void;

  constructor(key: string, mark: InboxMark, revision: number, parts: ClaimParts) {
    this.#key = key;
    this.#mark = mark;
    this.#revision = revision;
    this.#parts = parts;
    this.#cancel = this.#later();
  }

  /** Its effect has happened. Resolves with false where the store could not be told. Never rejects. */
  async handled(): Promise<boolean> {
    await this.#settle();
    const { holder } = this.#mark;
    return this.#parts.store.note(this.#key, { state: 'handled', holder }, this.#revision);
  }

  /** It has had no effect, and is anybody's. Never rejects: where the store cannot be told, it is free after `holdMs`. */
  async release(): Promise<void> {
    await this.#settle();
    await this.#parts.store.free(this.#key, this.#mark, this.#revision);
  }

  async #settle(): Promise<void> {
    this.#isSettled = true;
    this.#cancel();
    await this.#sign;
  }

  #later(): () => void {
    const { clock, holdMs } = this.#parts;
    return clock.after(holdMs / 3, () => {
      this.#sign = this.#giveSign();
    });
  }

  async #giveSign(): Promise<void> {
    const renewed = await this.#parts.store.renew(this.#key, this.#mark, this.#revision);
    if (typeof renewed === 'number') this.#revision = renewed;
    if (this.#isSettled) return;
    if (renewed === 'lost') this.#parts.onLost();
    else this.#cancel = this.#later();
  }
}

const firstWaitMs = 25;
