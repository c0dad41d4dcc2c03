import type { Candidate, Node, ServiceRecord } from '@tenon/contract';
import type { NodeHealth } from './node-health.js';

/** A candidate as the selector hands it out: leads to its node's health without a look-up, and shows nothing of it. */
export class KnownNode implements Candidate {
  readonly node: Node;
  readonly record: ServiceRecord;
  readonly #health: NodeHealth;

  constructor({ node, record }: Candidate, health: NodeHealth) {
    this.node = node;
    this.record = record;
    this.#health = health;
  }

  /** Undefined for a candidate that somebody else made. */
  static healthOf(candidate: Candidate): NodeHealth | undefined {
    return #health in candidate ? candidate.#health : undefined;
  }
}
