import type { OutcomeKind } from '@tenon/contract';
import { isTooLate } from './evidence.js';

/** What an outcome does to an ejected node. */
export type EjectionTurn = 'returns' | 'again' | 'probe-given-back' | 'certain';

/**
 * One stay outside: held until a time, then probed by one call.
 *
 * In a panic the node is used all the same. What those calls say counts as a probe once the hold is over, and before it
 * only where it is clear: a node that was unreachable and serves is reachable, and one that serves as many in a row as
 * eject a node is well.
 */
export class Ejection {
  readonly #at: number;
  readonly #until: number;
  readonly #servedInARow: number;
  /** It cannot be reached or is leaving: using it takes no load off the others. */
  certain: boolean;
  #probedAt: number | undefined;
  #served = 0;

  /** @param servedInARow - how many successes in a row end the stay before its time. */
  constructor(at: number, holdMs: number, certain: boolean, servedInARow: number) {
    this.#at = at;
    this.#until = at + holdMs;
    this.certain = certain;
    this.#servedInARow = servedInARow;
  }

  /** When the next probe may be sent. One that is under way keeps others away, but not for ever: it may be a stream. */
  get probeAt(): number {
    return this.#probedAt === undefined ? this.#until : this.#probedAt + probePatienceMs;
  }

  probed(now: number): void {
    this.#probedAt = now;
  }

  /** The call that was to be the probe will tell nothing: the next one is. */
  giveProbeBack(): void {
    this.#probedAt = undefined;
  }

  note(kind: OutcomeKind, elapsedMs: number, now: number): EjectionTurn | undefined {
    // What began before the node was ejected tells what is known. (Not so a call of unknown length: it ends a probe.)
    if (now - elapsedMs <= this.#at) return undefined;
    if (kind === 'abandoned' || (kind === 'late' && !isTooLate(elapsedMs))) {
      if (this.#probedAt === undefined) return undefined;
      this.giveProbeBack();
      return 'probe-given-back';
    }
    const isHeld = now < this.#until;
    if (kind === 'served' || kind === 'overloaded') {
      this.#served += 1;
      return this.certain || !isHeld || this.#served >= this.#servedInARow ? 'returns' : undefined;
    }
    this.#served = 0;
    if (!isHeld) return 'again';
    if (this.certain || !isCertain(kind)) return undefined;
    this.certain = true;
    return 'certain';
  }
}

/** Whether such an outcome, or reason, leaves no hope that the node serves. */
export function isCertain(kind: string): boolean {
  return kind === 'unreachable' || kind === 'draining';
}

/** The deadline that calls have by default. */
const probePatienceMs = 10_000;
