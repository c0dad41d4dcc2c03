import { callId, slotOf, turnAfter, turnOf } from './frame.js';

/**
 * The calls of one connection on the client's side, by slot. Taking, finding and freeing one is an array access each.
 */
export class SlotTable<T extends { readonly id: number }> {
  readonly #users: (T | undefined)[] = new Array(firstSlots);
  /** The last turn of each slot of which the server heard, once that call is over; undefined where there was none. */
  readonly #turns: (number | undefined)[] = new Array(firstSlots);
  /** Those that were freed, the last one first: its memory is warm. */
  readonly #free: number[] = new Array(firstSlots);
  #freed = 0;
  #fresh = 0;

  /** Reserves a slot, and returns the call's id in it. Whoever asks bounds how many there are. */
  take(): number {
    let slot: number;
    if (this.#freed > 0) {
      this.#freed -= 1;
      slot = this.#free[this.#freed] as number;
    } else {
      slot = this.#fresh;
      this.#fresh += 1;
    }
    return callId(turnAfter(this.#turns[slot]), slot);
  }

  put(id: number, user: T): void {
    this.#users[slotOf(id)] = user;
  }

  /** The call with that id; undefined where it is over. */
  find(id: number): T | undefined {
    const user = this.#users[slotOf(id)];
    return user !== undefined && user.id === id ? user : undefined;
  }

  /** Whether that slot was ever used. */
  wasUsed(id: number): boolean {
    const slot = slotOf(id);
    return this.#turns[slot] !== undefined || this.#users[slot] !== undefined;
  }

  /** The call is over: its slot is free. */
  release(id: number): void {
    this.#turns[slotOf(id)] = turnOf(id);
    this.unuse(id);
  }

  /** The call is over, and the server never heard of it: the slot is free, and has the same turn next time. */
  unuse(id: number): void {
    const slot = slotOf(id);
    this.#users[slot] = undefined;
    this.#free[this.#freed] = slot;
    this.#freed += 1;
  }

  /** Everything that is in it. */
  users(): readonly T[] {
    return this.#users.filter((user) => user !== undefined);
  }
}

/** The id of a call that has none yet: its slot is beyond any that there can be. */
export const waitingId = -1;

/** Lists begin small, because many connections have hardly a call at a time. */
const firstSlots = 2;
