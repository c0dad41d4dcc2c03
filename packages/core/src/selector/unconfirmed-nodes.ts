import type { CancelTimer, Candidate, Clock, Logger, OutcomeKind } from '@tenon/contract';

export interface UnconfirmedParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a node stays without a success. 0: the registry is always believed. */
  readonly doubtMs: number;
}

/**
 * The nodes that a registry dropped most at once: kept as long as nothing speaks against them.
 *
 * A registry that comes back empty, or whose leases all ran out while it was away, drops nodes that serve. What a
 * connection tells beats what the registry tells: such a node goes when it cannot be reached, breaks or says that it is
 * leaving, and when it has not served for a while; a set that has it again confirms it.
 */
export class UnconfirmedNodes {
  readonly #service: string;
  readonly #parts: UnconfirmedParts;
  readonly #changed: () => void;
  readonly #nodes = new Map<string, Unconfirmed>();
  #gone = 0;
  #confirmed = 0;
  #cancelTimer: CancelTimer | undefined;

  /** @param changed - called when nodes are gone without a set having said so. */
  constructor(service: string, parts: UnconfirmedParts, changed: () => void) {
    this.#service = service;
    this.#parts = parts;
    this.#changed = changed;
  }

  get candidates(): readonly Candidate[] {
    return [...this.#nodes.values()].map(({ candidate }) => candidate);
  }

  /**
   * Compares a new set with the one before. Of the nodes that it dropped a minority is gone; a majority becomes
   * unconfirmed.
   */
  compare(before: readonly Candidate[], set: readonly Candidate[]): void {
    const listed = new Set(set.map(({ node }) => node.id));
    for (const id of this.#nodes.keys()) if (listed.has(id) && this.#nodes.delete(id)) this.#confirmed += 1;
    const dropped = before.filter(({ node }) => !listed.has(node.id));
    const { clock, doubtMs } = this.#parts;
    if (doubtMs > 0 && dropped.length * 2 > before.length) {
      if (this.#nodes.size === 0 && this.#cancelTimer === undefined) this.#begin(dropped.length, listed.size);
      const heardAt = clock.now();
      for (const candidate of dropped) this.#nodes.set(candidate.node.id, { candidate, heardAt });
    }
    this.#settle();
  }

  /** Learns from an outcome. Costs a comparison while there is no doubt. */
  report({ node }: Candidate, kind: OutcomeKind, endedAt: number | undefined): void {
    if (this.#nodes.size === 0) return;
    const unconfirmed = this.#nodes.get(node.id);
    if (unconfirmed === undefined) return;
    if (kind === 'served') unconfirmed.heardAt = endedAt ?? this.#parts.clock.now();
    if (kind !== 'unreachable' && kind !== 'broken' && kind !== 'draining') return;
    this.#remove(node.id);
    this.#settle();
    this.#changed();
  }

  close(): void {
    this.#nodes.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #begin(dropped: number, listed: number): void {
    this.#gone = 0;
    this.#confirmed = 0;
    this.#parts.logger.warn('the registry dropped most nodes of a service at once; they stay in use while they serve', {
      service: this.#service,
      dropped,
      listed,
    });
  }

  #remove(id: string): void {
    if (this.#nodes.delete(id)) this.#gone += 1;
  }

  /** Ends the doubt with the last unconfirmed node, or waits for the next that may have been silent for too long. */
  #settle(): void {
    const { clock, logger, doubtMs } = this.#parts;
    if (this.#nodes.size > 0) {
      if (this.#cancelTimer !== undefined) return;
      const earliest = Math.min(...[...this.#nodes.values()].map(({ heardAt }) => heardAt));
      this.#cancelTimer = clock.after(Math.max(0, earliest + doubtMs - clock.now()), () => this.#dropSilent());
      return;
    }
    if (this.#cancelTimer === undefined) return;
    this.#cancelTimer();
    this.#cancelTimer = undefined;
    const [confirmed, gone] = [this.#confirmed, this.#gone];
    logger.info('no node of a service is in doubt any more', { service: this.#service, confirmed, gone });
  }

  #dropSilent(): void {
    const { clock, doubtMs } = this.#parts;
    const before = this.#nodes.size;
    for (const [id, { heardAt }] of this.#nodes) if (clock.now() - heardAt >= doubtMs) this.#remove(id);
    const isOver = this.#nodes.size === 0;
    if (!isOver) this.#cancelTimer = undefined;
    this.#settle();
    if (this.#nodes.size < before) this.#changed();
  }
}

interface Unconfirmed {
  readonly candidate: Candidate;
  /** When the doubt began, or it served since. */
  heardAt: number;
}
