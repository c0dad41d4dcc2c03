import { type CancelTimer, type Clock, matchesTopic, ServiceError } from '@tenon/contract';
import type { Settlement } from '@tenon/contract/authoring';
import type { LoggedMessage } from './message-log.js';

/** One subscription, as its queue sees it. */
export interface Taker {
  /** Whether it can take one more now. */
  readonly isFree: boolean;
  /** Must copy what it keeps, and must not run the handler before it returns. */
  take(entry: LoggedMessage, attempt: number, settlement: Settlement): void;
}

/** How a queue hands out. */
export interface KeptQueueOptions {
  readonly pattern: string;
  readonly ackWaitMs: number;
  readonly ordered: boolean;
  /** More are not kept. */
  readonly limit: number;
  readonly clock: Clock;
}

/**
 * Messages that are kept until somebody acknowledges them: each is with one taker at a time, and comes again where that one hands it back or
 * is not heard of for `ackWaitMs`.
 */
export class KeptQueue {
  readonly #options: KeptQueueOptions;
  readonly #takers: Taker[] = [];
  #waiting: Entry[] = [];
  readonly #out = new Map<Entry, CancelTimer>();
  #turn = 0;

  constructor(options: KeptQueueOptions) {
    this.#options = options;
  }

  /** Whether a topic is one of its own. */
  wants(topic: string): boolean {
    return matchesTopic(this.#options.pattern, topic);
  }

  /** @throws ServiceError `ResourceExhausted` where it keeps too many already. */
  assertRoom(): void {
    const { limit, pattern } = this.#options;
    if (this.#waiting.length + this.#out.size < limit) return;
    const message = `${limit} messages of ${pattern} are kept already and were not handled; MemoryHub keeps no more`;
    throw new ServiceError('ResourceExhausted', message, { executed: 'no' });
  }

  add(logged: LoggedMessage): void {
    this.#waiting.push({ logged, attempt: 0 });
    this.pump();
  }

  join(taker: Taker): void {
    if (this.#takers.length === 0) for (const entry of this.#out.keys()) this.#wait(entry, this.#options.ackWaitMs);
    this.#takers.push(taker);
    this.pump();
  }

  /** What it had taken comes again when its time is over; with nobody there to take it, no time runs. */
  leave(taker: Taker): void {
    const index = this.#takers.indexOf(taker);
    if (index >= 0) this.#takers.splice(index, 1);
    if (this.#takers.length === 0) for (const cancel of this.#out.values()) cancel();
  }

  /** Ends its timers. */
  end(): void {
    for (const cancel of this.#out.values()) cancel();
    this.#out.clear();
    this.#waiting = [];
  }

  /** Hands out what can be handed out; called whenever that may have changed. */
  pump(): void {
    while (this.#waiting.length > 0 && !(this.#options.ordered && this.#out.size > 0)) {
      const taker = this.#nextTaker();
      if (taker === undefined) return;
      const entry = this.#waiting.shift() as Entry;
      entry.attempt += 1;
      this.#out.set(entry, this.#again(entry, this.#options.ackWaitMs));
      taker.take(entry.logged, entry.attempt, this.#settlementOf(entry, entry.attempt));
    }
  }

  #settlementOf(entry: Entry, attempt: number): Settlement {
    // Of a later attempt nothing is settled by an earlier one.
    const isCurrent = (): boolean => this.#out.has(entry) && entry.attempt === attempt;
    return {
      ack: () => {
        if (isCurrent()) this.#settle(entry);
      },
      nack: (delayMs) => {
        if (isCurrent()) this.#wait(entry, delayMs);
      },
      working: () => {
        if (isCurrent()) this.#wait(entry, this.#options.ackWaitMs);
      },
    };
  }

  #settle(entry: Entry): void {
    this.#out.get(entry)?.();
    this.#out.delete(entry);
    this.pump();
  }

  #wait(entry: Entry, delayMs: number): void {
    this.#out.get(entry)?.();
    this.#out.set(entry, this.#takers.length === 0 ? () => {} : this.#again(entry, delayMs));
  }

  #again(entry: Entry, delayMs: number): CancelTimer {
    return this.#options.clock.after(delayMs, () => {
      this.#out.delete(entry);
      this.#waiting.unshift(entry);
      this.pump();
    });
  }

  #nextTaker(): Taker | undefined {
    const free = this.#takers.filter(({ isFree }) => isFree);
    this.#turn += 1;
    return free[this.#turn % free.length];
  }
}

interface Entry {
  readonly logged: LoggedMessage;
  attempt: number;
}
