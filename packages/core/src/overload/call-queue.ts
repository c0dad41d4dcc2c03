import { type Priority, priorities } from '@tenon/contract';
import type { ResolvedQueueOptions } from './queue-options.js';
import { type InTurn, type Sender, SenderTurns } from './sender-turns.js';

/** A call that waits for its turn. The last three fields belong to the queue. */
export interface Waiting<T> extends InTurn<Waiting<T>> {
  readonly call: T;
  readonly priority: Priority;
  /** When it began to wait, by the clock. */
  readonly since: number;
  /** The same in the queue's own time. */
  readonly queuedAt: number;
  older: Waiting<T> | undefined;
  younger: Waiting<T> | undefined;
  waits: boolean;
}

/** Calls of one priority, from the oldest to the youngest. */
interface Line<T> {
  readonly turns: SenderTurns<Waiting<T>>;
  oldest: Waiting<T> | undefined;
  youngest: Waiting<T> | undefined;
  /** When it was last empty because everyone in it had had a turn. */
  emptyAt: number;
  /** When it last turned a call away that had waited for too long. */
  shedAt: number;
  size: number;
  /** Calls that came, and calls that had their turn, in the window that goes on. */
  arrived: number;
  served: number;
  /** Whether the last window promised that it will be empty soon. */
  drains: boolean;
}

/**
 * Calls that wait, and who is next: the more important before the less, and among equals each client in turn, with the one of its calls that
 * has waited longest.
 *
 * Each priority has a line. While a line stands, which is when it was never empty for `intervalMs`, its youngest is next and its
 * others may wait `targetMs` only. Controlled delay and adaptive LIFO as in Facebook's "Fail at Scale" (Maurer, 2015), after CoDel
 * (RFC 8289): a queue that drains is of use, one that stands makes every call late and serves none more. A line stands for
 * itself: that bulk calls pile up is no reason to turn a critical one away. And it does not stand while it drains: where more calls have
 * their turn than come, and it will be empty within ten times `intervalMs`, the burst that it came from is worked off, however long it is.
 *
 * Of our own: waiting is measured in a time that goes on by half of `targetMs` at most from one look to the next. A thread that was
 * held up for long, by one call or by another process, finds calls that are late and no queue that stands; and where calls take
 * long each, some may wait for each other.
 */
export class CallQueue<T> {
  readonly #options: ResolvedQueueOptions;
  readonly #lines: readonly Line<T>[] = priorities.map(() => ({
    turns: new SenderTurns(),
    oldest: undefined,
    youngest: undefined,
    emptyAt: Number.NEGATIVE_INFINITY,
    shedAt: Number.NEGATIVE_INFINITY,
    size: 0,
    arrived: 0,
    served: 0,
    drains: false,
  }));
  #size = 0;
  #time = 0;
  #windowAt = 0;
  #seenAt = 0;

  constructor(options: ResolvedQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size >= this.#options.maxCalls;
  }

  /**
   * Lets its time go on. Whatever asks it about time does so after this.
   *
   * @param now - by the clock, less what others took of the processor; may go back a little, which is overlooked.
   */
  goOn(now: number): void {
    const passedMs = now - this.#seenAt;
    if (passedMs <= 0) return;
    this.#seenAt = now;
    const { targetMs } = this.#options;
    const stepMs = this.#size === 0 ? passedMs : Math.min(passedMs, targetMs / 2);
    this.#time += stepMs;
    if (this.#time - this.#windowAt >= this.#options.intervalMs / windowsInInterval) this.#endWindow();
  }

  /** Whether a line has not been empty for so long that it will not be by itself. */
  get stands(): boolean {
    return this.#lines.some((line) => this.#isStanding(line));
  }

  /** @param sender - whose turn it takes. */
  push(call: T, sender: Sender, priority: Priority, now: number): Waiting<T> {
    const time = this.#time;
    const line = this.#lineOf(priority);
    // One that was empty for a moment while calls were turned away has not drained.
    if (line.oldest === undefined && time - line.shedAt > 8 * this.#options.targetMs) line.emptyAt = time;
    const waiting: Waiting<T> = {
      call,
      sender,
      priority,
      since: now,
      queuedAt: time,
      older: line.youngest,
      younger: undefined,
      ahead: undefined,
      behind: undefined,
      waits: true,
    };
    line.turns.push(waiting);
    if (line.youngest === undefined) line.oldest = waiting;
    else line.youngest.younger = waiting;
    line.youngest = waiting;
    line.arrived += 1;
    line.size += 1;
    this.#size += 1;
    return waiting;
  }

  /**
   * Takes out whose turn it is.
   *
   * @param strict - whether lines that stand are treated as such, here and below.
   */
  next(strict: boolean): Waiting<T> | undefined {
    for (const line of this.#lines) {
      const next = strict && this.#isStanding(line) ? line.youngest : line.turns.next();
      if (next === undefined) continue;
      line.served += 1;
      this.#takeOut(next);
      return next;
    }
    return undefined;
  }

  /**
   * Takes out one that has waited for too long, the least important first.
   *
   * @param lookMs - until somebody looks again: whoever will have waited for too long by then has, while its line stands.
   */
  expired(strict: boolean, lookMs: number): Waiting<T> | undefined {
    const { targetMs, intervalMs } = this.#options;
    const patienceMs = Math.max(targetMs / 2, targetMs - lookMs);
    for (let index = this.#lines.length - 1; index >= 0; index -= 1) {
      const line = this.#lines[index] as Line<T>;
      const { oldest } = line;
      const longestMs = strict && this.#isStanding(line) ? patienceMs : intervalMs;
      if (oldest === undefined || line.drains || this.#time - oldest.queuedAt <= longestMs) continue;
      this.#takeOut(oldest);
      line.shedAt = this.#time;
      return oldest;
    }
    return undefined;
  }

  /**
   * Takes out whom a call of that priority may displace where the queue is full: one that is less important, and while calls are
   * served from the youngest on also the oldest among equals, whose turn will not come.
   */
  displaced(by: Priority, strict: boolean): Waiting<T> | undefined {
    const rank = priorities.indexOf(by);
    for (let index = this.#lines.length - 1; index >= rank; index -= 1) {
      const line = this.#lines[index] as Line<T>;
      const { oldest, youngest } = line;
      if (oldest === undefined || youngest === undefined) continue;
      const stands = strict && this.#isStanding(line);
      if (index === rank && !stands) return undefined;
      const displaced = stands ? oldest : youngest;
      this.#takeOut(displaced);
      return displaced;
    }
    return undefined;
  }

  /** Takes out a call that does not wait any longer. */
  remove(waiting: Waiting<T>): void {
    if (waiting.waits) this.#takeOut(waiting);
  }

  #isStanding({ oldest, emptyAt, drains }: Line<T>): boolean {
    return oldest !== undefined && !drains && this.#time - emptyAt > this.#options.intervalMs;
  }

  #endWindow(): void {
    this.#windowAt = this.#time;
    for (const line of this.#lines) {
      const fewer = line.served - line.arrived;
      // In windows like this one it takes so many until nobody waits.
      line.drains = fewer > 0 && line.size / fewer <= longestDrain * windowsInInterval;
      line.arrived = 0;
      line.served = 0;
    }
  }

  #lineOf(priority: Priority): Line<T> {
    return this.#lines[priorities.indexOf(priority)] as Line<T>;
  }

  #takeOut(waiting: Waiting<T>): void {
    const line = this.#lineOf(waiting.priority);
    const { older, younger } = waiting;
    line.turns.remove(waiting);
    if (older === undefined) line.oldest = younger;
    else older.younger = younger;
    if (younger === undefined) line.youngest = older;
    else younger.older = older;
    waiting.older = undefined;
    waiting.younger = undefined;
    waiting.waits = false;
    line.size -= 1;
    this.#size -= 1;
  }
}

const windowsInInterval = 4;
/** A burst that takes longer than so many intervals makes others late for too long. */
const longestDrain = 10;
