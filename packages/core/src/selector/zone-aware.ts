import {
  type Candidate,
  type Outcome,
  outcomeKind,
  type Picker,
  type Provider,
  ServiceError,
  type Strategy,
  wrapped,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { innerStrategy } from './inner-strategy.js';

export interface ZoneAwareOptions {
  /** The label of nodes that names their zone, in their metadata. Default `zone`. Nodes without it are in no zone of ours. */
  readonly label?: string;
  /**
   * How much more than an even part of all the calls a zone may carry before it sends any elsewhere. Range 1 (any missing node
   * sends some) to 10, default 1.4, as in Envoy: three zones stay by themselves until two nodes in seven are missing.
   */
  readonly headroom?: number;
  /** Chooses among the nodes of the own zone, and among those of the others. Default `p2cStrategy()`. */
  readonly within?: Provider<Strategy>;
}

/**
 * Prefers the nodes of the caller's own zone: calls between zones cost latency and money. Where the zone lacks healthy capacity,
 * only what it cannot carry goes to the others, to each in proportion to its nodes.
 *
 * Each zone is taken to make as many calls as another, so each should carry the part of an even number of usable nodes. The share that
 * stays is `min(1, headroom × own nodes ÷ (all nodes ÷ zones) × success rate)`, and never below what an even choice over
 * all nodes would send there. Usable are the candidates: filters, ejection and slow start have spoken before, so that an ejected node is missing
 * capacity. In a panic they are all candidates again, and the success rate of the own zone (of about its last 32 calls; a
 * call that is turned away for overload is none) tells that the zone is not well.
 *
 * After Envoy's zone aware routing and its overprovisioning factor (Envoy documentation, "Zone aware routing" and
 * "Priority levels"); departs from it where Envoy counts the callers of each zone.
 *
 * @param zone - where this process runs, as its own nodes would say it.
 * @throws ServiceError `InvalidArgument` for an empty zone or label and for an option out of range, by name and value.
 */
export function zoneAwareStrategy(zone: string, options: ZoneAwareOptions = {}): Provider<Strategy> {
  const { label = 'zone' } = options;
  for (const [name, value] of [['zone', zone] as const, ['label', label] as const])
    if (typeof value !== 'string' || value === '')
      throw new ServiceError(
        'InvalidArgument',
        `zoneAwareStrategy.${name} is ${JSON.stringify(value)}; it must be a text`,
        {
          executed: 'no',
        },
      );
  const headroom = checkedNumber('zoneAwareStrategy.headroom', options.headroom, {
    min: 1,
    max: 10,
    fallback: 1.4,
    integer: false,
  });
  return wrapped(innerStrategy('zoneAwareStrategy.within', options.within), (inner) => ({
    picker: (service) => new ZoneAwarePicker({ zone, label, headroom }, inner.picker(service), inner.picker(service)),
  }));
}

interface ZoneRule {
  readonly zone: string;
  readonly label: string;
  readonly headroom: number;
}

class ZoneAwarePicker implements Picker {
  readonly #rule: ZoneRule;
  readonly #inZone: Picker;
  readonly #elsewhere: Picker;
  #candidates: readonly Candidate[] | undefined;
  #own: readonly Candidate[] = [];
  #others: readonly Candidate[] = [];
  /** The part of the calls that the own zone can carry; above 1 where it has more than it needs. */
  #capacity = 0;
  #evenShare = 0;
  /** How many of the latest calls to the own zone were served, 0 to 1. */
  #successRate = 1;

  constructor(rule: ZoneRule, inZone: Picker, elsewhere: Picker) {
    this.#rule = rule;
    this.#inZone = inZone;
    this.#elsewhere = elsewhere;
  }

  pick(candidates: readonly Candidate[], key: string | undefined): Candidate {
    if (candidates !== this.#candidates) this.#divide(candidates);
    return this.#stays() ? this.#inZone.pick(this.#own, key) : this.#elsewhere.pick(this.#others, key);
  }

  report(candidate: Candidate, outcome: Outcome): void {
    if (!this.#isOwn(candidate)) {
      this.#elsewhere.report(candidate, outcome);
      return;
    }
    this.#inZone.report(candidate, outcome);
    const kind = outcomeKind(outcome.error);
    // A caller that gave up, or gave too little time, says nothing about the zone.
    if (kind === 'abandoned' || kind === 'late') return;
    this.#successRate += ((kind === 'served' ? 1 : 0) - this.#successRate) / callsRemembered;
  }

  returned(candidate: Candidate): void {
    if (this.#isOwn(candidate)) this.#successRate = 1;
    (this.#isOwn(candidate) ? this.#inZone : this.#elsewhere).returned?.(candidate);
  }

  #stays(): boolean {
    if (this.#own.length === 0) return false;
    const share = Math.max(this.#evenShare, this.#capacity * this.#successRate);
    return share >= 1 || Math.random() < share;
  }

  #isOwn({ node }: Candidate): boolean {
    return Object.hasOwn(node.metadata, this.#rule.label) && node.metadata[this.#rule.label] === this.#rule.zone;
  }

  #divide(candidates: readonly Candidate[]): void {
    const zones = new Set<string | undefined>();
    const own: Candidate[] = [];
    const others: Candidate[] = [];
    for (const candidate of candidates) {
      zones.add(candidate.node.metadata[this.#rule.label]);
      (this.#isOwn(candidate) ? own : others).push(candidate);
    }
    this.#candidates = candidates;
    this.#own = own;
    this.#others = others;
    this.#evenShare = own.length / candidates.length;
    this.#capacity = this.#rule.headroom * zones.size * this.#evenShare;
  }
}

const callsRemembered = 32;
