import { type CancelTimer, type Clock, type Priority, ServiceError } from '@tenon/contract';
import type { Telemetry } from '../telemetry/index.js';
import { CallQueue, type Waiting } from './call-queue.js';
import type { ResolvedConcurrencyOptions } from './concurrency-options.js';
import { GradientLimit } from './gradient-limit.js';
import type { ResolvedQueueOptions } from './queue-options.js';
import type { Sender } from './sender-turns.js';
import type { ShedCall, Shedding } from './shedding.js';
import { StolenTime, stolenMs } from './stolen-time.js';

/** A call that may have to wait. */
export interface AdmittedCall<T> extends ShedCall {
  readonly priority: Priority;
  /** Who sent it: clients take turns. */
  readonly sender: Sender;
  /** Where it waits; belongs to the admission. Start with undefined. */
  waiting: Waiting<T> | undefined;
}

/** Who serves the calls that waited. */
export interface CallServant<T> {
  /** Its turn has come. It is `now` by the clock. Must not throw. */
  serve(call: T, now: number): void;
  /** It is turned away. Must not throw. */
  turnAway(call: T, error: ServiceError): void;
}

/** What an admission is made of. */
export interface AdmissionParts {
  readonly queue: ResolvedQueueOptions;
  readonly concurrency: ResolvedConcurrencyOptions;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly shedding: Shedding;
  /** Calls back once in this turn of the event loop, after what was read from sockets in it. Default `setImmediate`. */
  readonly afterReads?: (callback: () => void) => void;
  /** What others have taken of this thread's time. Default {@link stolenMs}. */
  readonly stolenMs?: () => number;
}

/**
 * Decides which calls run now, which wait, and which are turned away.
 *
 * A call runs at once unless as many run as may, or the thread is behind: where this turn of the event loop has been serving
 * calls for five milliseconds, others wait in sockets or in line behind it. Calls in line are served in short slices, one a
 * turn, so that sockets are read in between, and what has waited for too long is refused while refusing is of use to its caller.
 */
export class Admission<T extends AdmittedCall<T>> {
  readonly #parts: AdmissionParts;
  readonly #servant: CallServant<T>;
  readonly #afterReads: (callback: () => void) => void;
  readonly #queue: CallQueue<T>;
  readonly #limit: GradientLimit;
  /** What others took of the processor is no fault of the queue: it does not count as waiting. */
  readonly #stolen: StolenTime;
  #mostUnderWay: number;
  #underWay = 0;
  /** When the newest turn of the event loop that is known of was asked for, or came. */
  #turnAt = Number.NEGATIVE_INFINITY;
  #turnAwaited = false;
  #slicePlanned = false;
  /** When a call was last turned away. */
  #shedAt = Number.NEGATIVE_INFINITY;
  #cancelWatch: CancelTimer | undefined;
  /** What a call keeps the thread busy for, on average. */
  #costMs = 0;

  constructor(parts: AdmissionParts, servant: CallServant<T>) {
    this.#parts = parts;
    this.#servant = servant;
    this.#afterReads = parts.afterReads ?? setImmediate;
    this.#queue = new CallQueue(parts.queue);
    this.#limit = new GradientLimit(parts.concurrency);
    this.#stolen = new StolenTime(parts.stolenMs ?? stolenMs);
    this.#mostUnderWay = this.#limit.limit;
    this.#tellLimit();
  }

  /** Calls that were let in and have not been released. */
  get underWay(): number {
    return this.#underWay;
  }

  /** How many may be under way now. */
  get limit(): number {
    return this.#mostUnderWay;
  }

  /** Whether times of calls are wanted. */
  get adapts(): boolean {
    return !this.#limit.fixed;
  }

  /**
   * Takes a call. Returns whether it runs now; else it waits, or was turned away already.
   *
   * @param heardAt - when it arrived, as far as its transport knows.
   */
  enter(call: T, heardAt: number, now: number): boolean {
    if (this.#queue.size === 0 && this.#underWay < this.#mostUnderWay && !this.#isBehind(heardAt, now)) {
      this.#underWay += 1;
      return true;
    }
    this.#wait(call, now);
    return false;
  }

  /**
   * A call that was let in is over.
   *
   * @param startedAt - when it began, where it took time without keeping the thread: the limit learns from it.
   */
  release(startedAt: number | undefined): void {
    if (startedAt !== undefined) {
      const now = this.#parts.clock.now();
      if (this.#limit.sample(now - startedAt, this.#underWay, now)) this.#limitChanged();
    }
    this.#underWay -= 1;
    if (this.#queue.size > 0) this.#planSlice();
  }

  /** A call that waited does so no longer. */
  leave(call: T): void {
    const { waiting } = call;
    if (waiting === undefined) return;
    call.waiting = undefined;
    this.#queue.remove(waiting);
  }

  /** Stops the timers. */
  close(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#parts.shedding.close();
  }

  /** Whether this turn of the event loop has gone on for so long that others must wait for theirs. */
  #isBehind(heardAt: number, now: number): boolean {
    // While calls are turned away sockets are read more often, so that they hear of it soon.
    const longestMs = this.#isShedding(now) ? sliceMs : turnMs;
    if (now - heardAt > longestMs) return true;
    if (now - this.#turnAt <= longestMs) return false;
    if (this.#turnAwaited) return true;
    // Asked for at most once in five milliseconds, whatever the load; calls that come more rarely than that are not many.
    this.#turnAwaited = true;
    this.#turnAt = now;
    this.#afterReads(this.#onTurn);
    return false;
  }

  #isShedding(now: number): boolean {
    return now - this.#shedAt < sheddingMs;
  }

  readonly #onTurn = (): void => {
    this.#turnAwaited = false;
    this.#turnAt = this.#parts.clock.now();
  };

  #wait(call: T, now: number): void {
    this.#queue.goOn(now - this.#stolen.ms);
    if (this.#queue.full && !this.#makeRoom(call, now)) {
      this.#refuse(call, 'queue_full', now, now);
      return;
    }
    call.waiting = this.#queue.push(call, call.sender, call.priority, now);
    this.#planSlice();
  }

  /** Has room for a call where the queue is full: by serving one, else by turning one away. */
  #makeRoom(call: T, now: number): boolean {
    const strict = this.#strict;
    // A burst is worked off where it stands: that holds the sockets back. Whoever sent it is no worse off than by a refusal.
    if (!strict && this.#underWay < this.#mostUnderWay && this.#serveNext(false, now)) return true;
    const displaced = this.#queue.displaced(call.priority, strict);
    if (displaced === undefined) return false;
    this.#refuse(displaced.call, 'queue_full', displaced.since, now);
    return true;
  }

  /** Whether calls are turned away early: the queue stands, and a full one would take long. */
  get #strict(): boolean {
    return !this.#areCheap && this.#queue.stands;
  }

  /**
   * Whether even a full queue is worked off within the interval: then nobody waits for too long, and turning calls away would take their
   * callers and this server about as much as serving them.
   */
  get #areCheap(): boolean {
    const { maxCalls, intervalMs } = this.#parts.queue;
    return this.#underWay < this.#mostUnderWay && this.#costMs * maxCalls <= intervalMs;
  }

  #planSlice(): void {
    if (this.#underWay >= this.#mostUnderWay) {
      this.#watch();
      return;
    }
    if (this.#slicePlanned) return;
    this.#slicePlanned = true;
    this.#afterReads(this.#onSlice);
  }

  readonly #onSlice = (): void => {
    const { clock } = this.#parts;
    const start = clock.now();
    this.#slicePlanned = false;
    this.#turnAt = start;
    const stolenBefore = this.#stolen.look();
    this.#queue.goOn(start - stolenBefore);
    const longestMs = this.#isShedding(start) ? shortSliceMs : sliceMs;
    let now = start;
    let served = 0;
    while (!this.#isOver(start - stolenBefore, now, longestMs) && this.#underWay < this.#mostUnderWay) {
      if (!this.#serveNext(this.#strict, now)) break;
      served += 1;
      now = clock.now();
      this.#queue.goOn(now - this.#stolen.ms);
    }
    // Only now, so that also a thread which was held up serves some of those that wait, and not none.
    if (served > 0) this.#learnCost((now - this.#stolen.ms - start + stolenBefore) / served);
    this.#refuseExpired(now);
    if (this.#queue.size > 0) this.#planSlice();
  };

  /** Whether a slice has had its time, of this thread's own. Asks for that only where the clock says so. */
  #isOver(begin: number, now: number, longestMs: number): boolean {
    return now - begin - this.#stolen.ms >= longestMs && now - begin - this.#stolen.look() >= longestMs;
  }

  #serveNext(strict: boolean, now: number): boolean {
    const next = this.#queue.next(strict);
    if (next === undefined) return false;
    const { call, priority, since } = next;
    call.waiting = undefined;
    this.#parts.telemetry.queueDelay.record(now - since, delayLabels[priority]);
    this.#underWay += 1;
    this.#servant.serve(call, now);
    return true;
  }

  #learnCost(costMs: number): void {
    // A slice may have taken long because another process had the processor: that says little, and a short one much.
    const weight = costMs > this.#costMs ? 0.02 : 0.3;
    this.#costMs += (costMs - this.#costMs) * (this.#costMs === 0 ? 1 : weight);
  }

  #refuseExpired(now: number): void {
    if (this.#areCheap) return;
    for (;;) {
      const expired = this.#queue.expired(this.#strict, lookMs);
      if (expired === undefined) return;
      this.#refuse(expired.call, 'queue_delay', expired.since, now);
    }
  }

  #refuse(call: T, reason: 'queue_full' | 'queue_delay', since: number, now: number): void {
    const { queue, telemetry, shedding } = this.#parts;
    const { priority } = call;
    call.waiting = undefined;
    this.#shedAt = now;
    telemetry.queueDelay.record(now - since, delayLabels[priority]);
    const why =
      reason === 'queue_full'
        ? `${queue.maxCalls} calls wait already, as many as server.queue.maxCalls says`
        : `a call waited ${Math.round(now - since)} ms, longer than server.queue.targetMs and intervalMs allow (${queue.targetMs} and ${queue.intervalMs} ms)`;
    this.#servant.turnAway(call, shedding.shed(call, reason, priority, why, now));
  }

  /** Calls wait for others to end, which may take longer than they can wait. */
  #watch(): void {
    if (this.#cancelWatch !== undefined) return;
    const { clock, queue } = this.#parts;
    this.#cancelWatch = clock.after(Math.max(1, Math.floor(queue.targetMs / 2)), () => {
      this.#cancelWatch = undefined;
      const now = clock.now();
      this.#queue.goOn(now - this.#stolen.look());
      this.#refuseExpired(now);
      if (this.#queue.size > 0) this.#planSlice();
    });
  }

  #limitChanged(): void {
    this.#mostUnderWay = this.#limit.limit;
    this.#tellLimit();
  }

  #tellLimit(): void {
    if (Number.isFinite(this.#mostUnderWay)) this.#parts.telemetry.concurrencyLimit.set(this.#mostUnderWay);
  }
}

/** So long may calls be served in one turn of the event loop before others wait in line. */
const turnMs = 5;
/** So long are calls in line served before sockets are read again: short, so that refusals are quick. */
const sliceMs = 2;
/** The same while calls are turned away. */
const shortSliceMs = 1;
/** What a turn of the event loop takes while calls are served in slices, as a rule. */
const lookMs = 2;
/** So long after the last call that was turned away others may be, too. */
const sheddingMs = 100;

const delayLabels: Readonly<Record<Priority, { readonly priority: Priority }>> = Object.freeze({
  critical: Object.freeze({ priority: 'critical' }),
  normal: Object.freeze({ priority: 'normal' }),
  bulk: Object.freeze({ priority: 'bulk' }),
});
