import type { OutcomeKind } from '@tenon/contract';
import type { ResolvedEjection } from '../selector-options.js';
import { OutcomeWindow } from './outcome-window.js';

/** Why a node is ejected. The first two are certain: it cannot serve, whatever the others do. */
export type EjectionReason =
  | 'unreachable'
  | 'draining'
  | 'broken'
  | 'consecutive_failures'
  | 'success_rate'
  | 'probe_failed';

/** What the outcomes of a node that takes part say against it. */
export class Evidence {
  readonly #rules: ResolvedEjection;
  readonly #window: OutcomeWindow;
  #failures = 0;
  #broken = 0;

  constructor(rules: ResolvedEjection) {
    this.#rules = rules;
    this.#window = new OutcomeWindow(rules.intervalMs);
  }

  served(now: number): void {
    this.#failures = 0;
    this.#broken = 0;
    this.#window.note(true, now);
  }

  /**
   * A reason to eject the node, if there is one now.
   *
   * A refused connection or a node that says it is leaving is enough. A connection that breaks may be the network's fault,
   * and a keep-alive race; the second in a row, with no answer in between, is the node's. Shedding is not sickness: the
   * strategy sends less. A caller who gives up says nothing.
   */
  against(kind: OutcomeKind, elapsedMs: number, now: number): EjectionReason | undefined {
    switch (kind) {
      case 'unreachable':
      case 'draining':
        return kind;
      case 'failed':
        this.#broken = 0;
        return this.#failed(now);
      case 'late':
        return isTooLate(elapsedMs) ? this.#failed(now) : undefined;
      case 'broken': {
        this.#broken += 1;
        const reason = this.#failed(now);
        return this.#broken >= brokenInARow ? 'broken' : reason;
      }
      default:
        return undefined;
    }
  }

  clear(): void {
    this.#failures = 0;
    this.#broken = 0;
    this.#window.clear();
  }

  #failed(now: number): EjectionReason | undefined {
    const { consecutiveFailures, minRequests, minSuccessRate } = this.#rules;
    this.#failures += 1;
    this.#window.note(false, now);
    if (this.#failures >= consecutiveFailures) return 'consecutive_failures';
    const rate = this.#window.successRate(minRequests);
    return rate !== undefined && rate < minSuccessRate ? 'success_rate' : undefined;
  }
}

/**
 * Whether a call that ran out of time says anything about its node: only one that gave it half a second. With less, the
 * caller's impatience would eject nodes that others are content with.
 */
export function isTooLate(elapsedMs: number): boolean {
  return elapsedMs >= patienceMs;
}

const patienceMs = 500;
const brokenInARow = 2;
