import type { Duplex } from 'node:stream';
import type { Clock } from '@tenon/contract';
import type { DeadlineEntry, DeadlineWheel } from '@tenon/contract/authoring';

/**
 * Ends connections so that the peer can read what was said last.
 *
 * A socket that is closed with unread bytes in it resets the connection, and the reset overtakes the last words. So the
 * port's side is ended, what the peer still sends is read and dropped, and after a second, peer or no peer, it is over.
 */
export class Lingering {
  readonly #wheel: DeadlineWheel;
  readonly #clock: Clock;

  constructor(wheel: DeadlineWheel, clock: Clock) {
    this.#wheel = wheel;
    this.#clock = clock;
  }

  /** @param last - what to say last; absent where something was said already. */
  end(socket: Duplex, last?: string | Uint8Array): void {
    if (socket.destroyed) return;
    if (last === undefined) socket.end();
    else socket.end(last);
    socket.resume();
    const end = new LastMoment(socket, this.#clock.now() + lingerMs);
    this.#wheel.add(end);
    socket.once('close', () => this.#wheel.remove(end));
  }
}

class LastMoment implements DeadlineEntry {
  wheelSlot = -1;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly deadline: number;
  readonly #socket: Duplex;

  constructor(socket: Duplex, deadline: number) {
    this.#socket = socket;
    this.deadline = deadline;
  }

  onDeadline(): void {
    this.#socket.destroy();
  }
}

const lingerMs = 1_000;
