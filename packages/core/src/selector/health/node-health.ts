import { backoffMs } from '@tenon/contract/authoring';
import type { ResolvedEjection } from '../selector-options.js';
import { Ejection, isCertain } from './ejection.js';
import { type EjectionReason, Evidence } from './evidence.js';

/** What is known of one node, for as long as it is in the set. */
export class NodeHealth {
  readonly id: string;
  readonly address: string;
  /** Absent where nodes are not ejected. */
  readonly evidence: Evidence | undefined;
  /** Set while it is ejected. */
  ejection: Ejection | undefined;
  /** Since when its share grows; undefined for a warm node. */
  coldSince: number | undefined;
  /** Not in the set any more: outcomes still come, and mean nothing. */
  isGone = false;
  #ejections = 0;
  #returnedAt = Number.NEGATIVE_INFINITY;

  constructor(id: string, address: string, rules: ResolvedEjection | undefined) {
    this.id = id;
    this.address = address;
    this.evidence = rules === undefined ? undefined : new Evidence(rules);
  }

  /** How often it was ejected, one time soon after the other. */
  get ejections(): number {
    return this.#ejections;
  }

  /** Whether an outcome is of a call that began before the node came back. */
  isOld(elapsedMs: number, now: number): boolean {
    return now - elapsedMs < this.#returnedAt;
  }

  /**
   * Leaves it out. Returns for how long, in milliseconds: the bound doubles with each time, half of it is random ("equal
   * jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
   */
  eject(reason: EjectionReason, rules: ResolvedEjection, now: number): number {
    const { baseHoldMs: baseMs, maxHoldMs: maxMs, consecutiveFailures } = rules;
    const wasQuiet = this.ejection === undefined && now - this.#returnedAt >= maxMs;
    // Far beyond what any bound needs, and no number that overflows.
    this.#ejections = wasQuiet ? 1 : Math.min(this.#ejections + 1, 64);
    const holdMs = backoffMs(this.#ejections, { baseMs, factor: 2, maxMs, jitter: 0.5 });
    this.ejection = new Ejection(now, holdMs, isCertain(reason), consecutiveFailures);
    this.coldSince = undefined;
    this.evidence?.clear();
    return holdMs;
  }

  /** Takes it back in, cold where its share is to grow slowly. */
  takeBack(now: number, isCold: boolean): void {
    this.ejection = undefined;
    this.coldSince = isCold ? now : undefined;
    this.#returnedAt = now;
    this.evidence?.clear();
  }
}
