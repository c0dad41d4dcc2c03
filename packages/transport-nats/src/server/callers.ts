import type { CancelTimer, Clock } from '@tenon/contract';

/** A connection of another process, known by the subject where it hears what is not about one call. */
export interface Caller {
  readonly subject: string;
  /** How often in a row it was found silent. */
  silences: number;
  /** How often it says something while a call of it is under way, in milliseconds. */
  everyMs: number;
  /** The calls of it that are under way. */
  calls: number;
}

/** Who calls here, and who has fallen silent in the middle of a call. */
export class Callers {
  readonly #clock: Clock;
  readonly #defaultEveryMs: number;
  readonly #onSilence: (caller: Caller) => void;
  readonly #bySubject = new Map<string, Caller>();
  #cancelSweep: CancelTimer | undefined;

  constructor(clock: Clock, defaultEveryMs: number, onSilence: (caller: Caller) => void) {
    this.#clock = clock;
    this.#defaultEveryMs = defaultEveryMs;
    this.#onSilence = onSilence;
  }

  get subjects(): Iterable<string> {
    return this.#bySubject.keys();
  }

  /** A caller said something. */
  heard(subject: string, everyMs?: number): Caller {
    let caller = this.#bySubject.get(subject);
    if (caller === undefined) {
      caller = { subject, silences: 0, everyMs: this.#defaultEveryMs, calls: 0 };
      this.#bySubject.set(subject, caller);
      this.#makeRoom();
    }
    caller.silences = 0;
    if (everyMs !== undefined) caller.everyMs = Math.min(longestEveryMs, Math.max(shortestEveryMs, everyMs));
    return caller;
  }

  began(caller: Caller): void {
    caller.calls += 1;
    this.#scheduleSweep(caller.everyMs);
  }

  forget(subject: string): void {
    this.#bySubject.delete(subject);
  }

  close(): void {
    this.#cancelSweep?.();
    this.#bySubject.clear();
  }

  /**
   * One timer for all, running only while calls are under way, at the pace of the slowest. It counts sweeps rather than time: a process
   * that was busy for long has not read what was said.
   */
  #scheduleSweep(everyMs: number): void {
    this.#cancelSweep ??= this.#clock.after(everyMs, () => {
      // What arrived while this process was busy is read between timers and immediates.
      setImmediate(() => {
        if (this.#cancelSweep === undefined) return;
        this.#cancelSweep = undefined;
        this.#sweep();
      });
    });
  }

  #sweep(): void {
    let nextMs = 0;
    for (const caller of [...this.#bySubject.values()]) {
      if (caller.calls === 0) continue;
      nextMs = Math.max(nextMs, caller.everyMs);
      caller.silences += 1;
      if (caller.silences <= silentSweeps) continue;
      this.forget(caller.subject);
      this.#onSilence(caller);
    }
    if (nextMs > 0) this.#scheduleSweep(nextMs);
  }

  /** Whoever has not called for the longest is told nothing when this node leaves. */
  #makeRoom(): void {
    if (this.#bySubject.size <= maxCallers) return;
    for (const caller of this.#bySubject.values()) {
      if (caller.calls > 0) continue;
      this.#bySubject.delete(caller.subject);
      return;
    }
  }
}

const silentSweeps = 4;
const shortestEveryMs = 50;
const longestEveryMs = 60_000;
const maxCallers = 10_000;
