import { randomUUID } from 'node:crypto';
import type { Clock } from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';
import type { Subscriber } from '../wire/subscriber-record.js';
import { requestHeaders } from '../wire/tenon-headers.js';
import type { Poster, PostOutcome } from './poster.js';
import { RetryBudget } from './retry-budget.js';

/** A message on its way to one subscriber at most once. */
export interface Parcel {
  readonly topic: string;
  readonly body: Buffer;
  readonly timeMs: number;
  /** On the clock of `now`: it is not posted later. */
  readonly expiresAt: number;
  /** Hands it to another member of its queue, where there is one; false where not. Absent: it is for this subscriber alone. */
  readonly passOn?: ((from: Subscriber) => boolean) | undefined;
}

/** What a {@link Lane} works with. */
export interface LaneParts {
  readonly poster: Poster;
  readonly clock: Clock;
  readonly limits: LaneLimits;
  /** A message was dropped, and why. */
  readonly onDrop: (parcel: Parcel, to: Subscriber, reason: string) => void;
  /** It has nothing left to do. */
  readonly onIdle: (lane: Lane) => void;
}

export interface LaneLimits {
  readonly maxPendingMessages: number;
  readonly maxPendingBytes: number;
  readonly requestTimeoutMs: number;
}

/**
 * The way to one subscriber at most once: messages wait here in their order and are posted one by one, so that a slow subscriber holds
 * up nobody else.
 *
 * What certainly was not handled is posted again, after growing waits, until it expires. What may have been handled is posted again only
 * to Tenon's subscribers, which know a repetition by its number; go-micro's would handle it twice.
 */
export class Lane {
  readonly to: Subscriber;
  readonly #parts: LaneParts;
  readonly #id = randomUUID();
  readonly #pause: Pause;
  readonly #budget: RetryBudget;
  readonly #waiting: Parcel[] = [];
  #head = 0;
  #bytes = 0;
  #sequence = 0;
  #isRunning = false;
  #isClosed = false;

  constructor(to: Subscriber, parts: LaneParts) {
    this.to = to;
    this.#parts = parts;
    this.#pause = new Pause(parts.clock);
    this.#budget = new RetryBudget(parts.clock);
  }

  get isIdle(): boolean {
    return this.#head === this.#waiting.length;
  }

  /** Whether one more may wait. One may always, however large it is. */
  hasRoomFor(bytes: number): boolean {
    const { maxPendingMessages, maxPendingBytes } = this.#parts.limits;
    const isWithin = this.#waiting.length - this.#head < maxPendingMessages && this.#bytes + bytes <= maxPendingBytes;
    return !this.#isClosed && (isWithin || this.isIdle);
  }

  /** Takes a message; only where there is room. */
  add(parcel: Parcel): void {
    this.#waiting.push(parcel);
    this.#bytes += parcel.body.length;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Drops what waits. */
  close(): void {
    this.#isClosed = true;
    this.#pause.wake();
  }

  async #run(): Promise<void> {
    for (let parcel = this.#waiting[this.#head]; parcel !== undefined; parcel = this.#waiting[this.#head]) {
      await this.#deliver(parcel);
      this.#shift(parcel);
    }
    this.#isRunning = false;
    this.#parts.onIdle(this);
  }

  /** Resolves when a message is off this lane: taken, passed on or dropped. */
  async #deliver(parcel: Parcel): Promise<void> {
    this.#sequence += 1;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#isClosed) return this.#drop(parcel, 'the broker was closed');
      if (this.#parts.clock.now() >= parcel.expiresAt) return this.#drop(parcel, 'it waited too long');
      const outcome = await this.#post(parcel);
      if (outcome.kind === 'taken') return this.#budget.deposit();
      if (wasNotHandled(outcome) && parcel.passOn?.(this.to) === true) return;
      if (!this.#mayRepeat(outcome, attempt)) {
        return this.#drop(parcel, outcome.kind === 'again' ? 'its handler rejected' : outcome.reason);
      }
      await this.#pause.for(backoffMs(attempt, postAgain));
    }
  }

  #post({ body, timeMs }: Parcel): Promise<PostOutcome> {
    const { poster, limits } = this.#parts;
    const headers: Record<string, string> = {};
    if (this.to.tenon !== undefined) {
      headers[requestHeaders.time] = String(timeMs);
      headers[requestHeaders.lane] = this.#id;
      headers[requestHeaders.sequence] = String(this.#sequence);
    }
    return poster.post(this.to, { body, headers, silenceMs: limits.requestTimeoutMs });
  }

  #mayRepeat(outcome: PostOutcome, attempt: number): boolean {
    switch (outcome.kind) {
      case 'refused':
      case 'unreached':
        // Paced by the waits alone: what was not handled costs nobody anything.
        return true;
      case 'failed':
        // go-micro answers so before any handler has run.
        return attempt < maxAttempts && this.#budget.withdraw();
      case 'lost':
        return this.to.tenon !== undefined && attempt < maxAttempts && this.#budget.withdraw();
      default:
        return false;
    }
  }

  #drop(parcel: Parcel, reason: string): void {
    this.#parts.onDrop(parcel, this.to, reason);
  }

  #shift({ body }: Parcel): void {
    this.#bytes -= body.length;
    this.#head += 1;
    if (this.#head < 1_024 && this.#head < this.#waiting.length) return;
    this.#waiting.splice(0, this.#head);
    this.#head = 0;
  }
}

function wasNotHandled({ kind }: PostOutcome): boolean {
  return kind === 'refused' || kind === 'unreached' || kind === 'gone';
}

/** Of what may have reached the subscriber. */
const maxAttempts = 3;
const postAgain = Object.freeze({ baseMs: 50, factor: 2, maxMs: 1_000, jitter: 0.5 });
