import type { ClientHttp2Stream } from 'node:http2';
import type { CancelTimer, Clock } from '@tenon/contract';

/**
 * Resets streams whose calls nobody waits for any more, as often as any server bears.
 *
 * One that resets streams again and again is taken for an attacker (CVE-2023-44487) and cut off, with all its calls: by nghttp2, which is
 * in Node, after a burst of 1,000 and 33 a second, by others earlier. Deadlines and hedges of a busy client are more than that. So it has 100 at once
 * and 15 a second. When these are used up, its session is given up for new calls, which get another one with resets of its own; calls under
 * way on it have 80 more. Beyond these, and where no other session can be had yet, a unary call is left alone: its server ends it at its
 * deadline, which it was told, and the answer is dropped. Each second the oldest of those that have not ended are reset after all. A
 * stream of messages is reset in any case, since it would go on.
 */
export class StreamResets {
  readonly #clock: Clock;
  readonly #giveUp: () => boolean;
  /** Streams that are to be reset once a server bears it again, from the oldest. */
  readonly #waiting = new Set<ClientHttp2Stream>();
  #left = burst;
  /** Undefined until the session is given up. */
  #lastOnes: number | undefined = undefined;
  #refilledAt: number;
  #cancelRetry: CancelTimer | undefined = undefined;

  /** @param giveUp - sends new calls elsewhere; false where that cannot be yet. Called until it can. */
  constructor(clock: Clock, giveUp: () => boolean) {
    this.#clock = clock;
    this.#giveUp = giveUp;
    this.#refilledAt = clock.now();
  }

  /** @param streams - whether messages go either way, which only a reset stops. */
  reset(stream: ClientHttp2Stream, streams: boolean): void {
    if (stream.closed || stream.destroyed || this.#waiting.has(stream)) return;
    if (this.#take() || streams || this.#takeOfTheLast()) stream.close(cancel);
    else this.#wait(stream);
  }

  #takeOfTheLast(): boolean {
    if (this.#lastOnes === undefined && this.#giveUp()) this.#lastOnes = lastOnes;
    if (!this.#lastOnes) return false;
    this.#lastOnes -= 1;
    return true;
  }

  #wait(stream: ClientHttp2Stream): void {
    this.#waiting.add(stream);
    // Nothing is heard of a stream that nobody reads.
    stream.resume();
    stream.once('close', () => this.#ended(stream));
    this.#cancelRetry ??= this.#clock.after(retryMs, this.#retry);
  }

  #ended(stream: ClientHttp2Stream): void {
    this.#waiting.delete(stream);
    if (this.#waiting.size > 0) return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  readonly #retry = (): void => {
    this.#cancelRetry = this.#clock.after(retryMs, this.#retry);
    for (const stream of this.#waiting) {
      if (!this.#take()) return;
      this.#waiting.delete(stream);
      stream.close(cancel);
    }
  };

  #take(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#refilledAt) * perSecond) / 1_000);
    this.#refilledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

const burst = 100;
const perSecond = 15;
/** With the burst still well below the 500 and the 1,000 at once for which ours and Node's servers cut off. */
const lastOnes = 80;
const retryMs = 1_000;

/** RFC 9113, 7. */
const cancel = 0x8;
