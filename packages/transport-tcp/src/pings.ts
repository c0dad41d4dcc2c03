import type { CancelTimer, Clock } from '@tenon/contract';
import { LifeSigns } from '@tenon/contract/authoring';
import { pingFrame, pongFrame } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { ProtocolViolation } from './protocol-violation.js';

/** The PINGs of one connection, both ways: who asks how often, and who waits for an answer. */
export class Pings {
  readonly #clock: Clock;
  readonly #writer: FrameWriter;
  /** Made for whoever asks first: most connections are never asked. */
  #signs: LifeSigns | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #unanswered = 0;
  #takenAt = Number.NEGATIVE_INFINITY;
  #takenInRow = 0;
  #cancelDelayed: CancelTimer | undefined;

  constructor(clock: Clock, writer: FrameWriter) {
    this.#clock = clock;
    this.#writer = writer;
  }

  /** When the last one was sent. */
  get sentAt(): number {
    return this.#sentAt;
  }

  /** Whether one that was sent has no answer yet. */
  get waiting(): boolean {
    return this.#unanswered > 0;
  }

  /** When the next one may be sent. */
  get nextAt(): number {
    return this.#sentAt + spacingMs;
  }

  send(now: number): void {
    this.#sentAt = now;
    this.#unanswered += 1;
    this.#writer.sendNow(pingFrame, Buffer.alloc(pingBytes));
  }

  /** Takes a PING and answers it. @throws ProtocolViolation */
  taken(payload: Buffer, at: number): void {
    if (payload.length !== pingBytes) throw new ProtocolViolation('a PING that has not eight bytes');
    this.#takenInRow = at - this.#takenAt < leastIntervalMs ? this.#takenInRow + 1 : 1;
    this.#takenAt = at;
    if (this.#takenInRow > maxInRow) throw new ProtocolViolation('too many PINGs');
    this.#writer.sendNow(pongFrame, payload);
  }

  /** Takes a PONG. @throws ProtocolViolation */
  answered(bytes: number): void {
    if (this.#unanswered === 0 || bytes !== pingBytes) throw new ProtocolViolation('a PONG that answers nothing');
    this.#unanswered -= 1;
  }

  /**
   * Resolves with true as soon as anything is heard, with false where nothing is in time.
   *
   * @param unheard - asked when the time is over: whether it is this side that does not read.
   */
  ask(timeoutMs: number, unheard: () => boolean): Promise<boolean> {
    this.#signs ??= new LifeSigns(this.#clock);
    const answer = this.#signs.within(timeoutMs, unheard);
    // One that waits already is answered by whoever lives; a second tells nothing more.
    if (!this.waiting) this.#sendInTime();
    return answer;
  }

  /** Bytes have arrived. */
  heard(): void {
    if (this.#signs?.awaited !== true) return;
    this.#cancelDelayed?.();
    this.#cancelDelayed = undefined;
    this.#signs.heard();
  }

  /** Nothing comes or goes any more. */
  stop(): void {
    this.#cancelDelayed?.();
    this.#signs?.end();
  }

  #sendInTime(): void {
    const now = this.#clock.now();
    const waitMs = this.nextAt - now;
    if (waitMs <= 0) this.send(now);
    else this.#cancelDelayed ??= this.#clock.after(waitMs, this.#sendDelayed);
  }

  readonly #sendDelayed = (): void => {
    this.#cancelDelayed = undefined;
    if (this.#signs?.awaited === true && !this.waiting) this.send(this.#clock.now());
  };
}

const pingBytes = 8;
/**
 * Peers take more than three in a row, each less than 200 ms after the one before, for abuse. Whoever sends one 300 ms after
 * the last, and not before that one is answered, never looks like it: however long each was on its way, of four in a row the
 * last two were sent, and so arrive, 600 ms and more after the answer to the first.
 */
const leastIntervalMs = 200;
const maxInRow = 3;
const spacingMs = 300;
