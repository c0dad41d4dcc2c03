/** Produces what is sent, and stopped because it was too much for now. */
export interface RoomWaiter {
  resume(): void;
}

/** Those who wait for the same thing. Takes no memory while nobody does. */
export class RoomWaiters {
  #waiting: RoomWaiter[] | undefined;

  get any(): boolean {
    return this.#waiting !== undefined;
  }

  add(waiter: RoomWaiter): void {
    this.#waiting ??= [];
    this.#waiting.push(waiter);
  }

  /** Lets all go on; whoever has to wait again meanwhile waits for the next time. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) for (const waiter of waiting) waiter.resume();
  }

  /** Forgets all. */
  clear(): void {
    this.#waiting = undefined;
  }
}
