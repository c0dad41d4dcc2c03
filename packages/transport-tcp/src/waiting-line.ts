import type { WaitingCall } from './client-call.js';

/** Calls of one sort: so many may be under way, further ones wait in the order in which they were made. */
export class WaitingLine {
  readonly #limit: number;
  /** Those that had their turn are undefined, so that nothing of a call is kept after it. */
  readonly #waiting: (WaitingCall | undefined)[] = [];
  #head = 0;
  #underWay = 0;
  /** Those that wait, less those that ended meanwhile and are still in the list. */
  #stillWaiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls under way and calls that wait. */
  get size(): number {
    return this.#underWay + this.#stillWaiting;
  }

  /** Takes a call. Returns whether it may be sent now; else it waits. */
  enter(call: WaitingCall): boolean {
    if (this.#underWay < this.#limit && this.#stillWaiting === 0) {
      this.#underWay += 1;
      return true;
    }
    this.#waiting.push(call);
    this.#stillWaiting += 1;
    return false;
  }

  /** A call under way is over. Returns the one that has waited longest, which is under way from now on. */
  release(): WaitingCall | undefined {
    this.#underWay -= 1;
    if (this.#stillWaiting === 0) return undefined;
    for (;;) {
      const call = this.#waiting[this.#head] as WaitingCall;
      this.#waiting[this.#head] = undefined;
      this.#head += 1;
      if (this.#head === this.#waiting.length || this.#head > 1_024) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      if (call.over) continue;
      this.#stillWaiting -= 1;
      this.#underWay += 1;
      return call;
    }
  }

  /** A call that waited is over. */
  leave(): void {
    this.#stillWaiting -= 1;
  }

  /** Those that wait. */
  waiting(): readonly WaitingCall[] {
    return this.#waiting.slice(this.#head).filter((call) => call?.over === false) as readonly WaitingCall[];
  }
}
