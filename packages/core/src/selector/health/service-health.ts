import { type Candidate, type Clock, type Logger, type Outcome, type OutcomeKind, outcomeKind } from '@tenon/contract';
import type { Telemetry } from '../../telemetry/index.js';
import type { ResolvedSelector } from '../selector-options.js';
import type { EjectionReason } from './evidence.js';
import { KnownNode } from './known-node.js';
import { NodeHealth } from './node-health.js';
import { Panic } from './panic.js';
import { slowlyStarted } from './slow-start.js';

export interface HealthParts {
  readonly options: ResolvedSelector;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

/**
 * The health of a service's nodes: stands between the filters of a call and the strategy, so that it works with every
 * strategy, and leaves out nodes that fail.
 *
 * While every node is well and warm, choosing costs a comparison: no clock is read, nothing is allocated.
 */
export class ServiceHealth {
  readonly #service: string;
  readonly #parts: HealthParts;
  readonly #panic: Panic;
  /** Tells the strategy that what it knew of a node holds no more. */
  readonly #returned: (candidate: Candidate) => void;
  #nodes = new Map<string, NodeHealth>();
  #ejected = 0;
  #cold = 0;
  #nextProbeAt = Number.POSITIVE_INFINITY;
  #nextWarmAt = Number.POSITIVE_INFINITY;
  /** The newest list that was narrowed, and what was left: both stand until somebody's health changes. */
  #narrowed: { readonly all: readonly Candidate[]; readonly usable: readonly Candidate[] } | undefined;

  constructor(service: string, parts: HealthParts, returned: (candidate: Candidate) => void = () => {}) {
    this.#service = service;
    this.#parts = parts;
    this.#returned = returned;
    this.#panic = new Panic(service, parts.options.panicBelow, parts.logger, parts.telemetry);
  }

  /**
   * Takes a new set, and gives its candidates. A node that joins known ones is cold; the nodes of a first set have served
   * others before, as far as anybody knows. One whose address changed is another node.
   */
  know(set: readonly Candidate[]): readonly Candidate[] {
    const before = this.#nodes;
    const now = new Map<string, NodeHealth>();
    const known = set.map((candidate) => {
      const { id, address } = candidate.node;
      let health = now.get(id) ?? before.get(id);
      if (health === undefined || health.address !== address) health = this.#newNode(id, address, before.size === 0);
      now.set(id, health);
      return new KnownNode(candidate, health);
    });
    this.#nodes = now;
    for (const [id, health] of before) if (now.get(id) !== health) health.isGone = true;
    const [only] = known;
    if (known.length === 1 && only !== undefined && this.#healthOf(only)?.ejection !== undefined) this.#takeBack(only);
    this.#changed();
    return known;
  }

  /**
   * What a strategy may choose from: of the candidates that the filters left, those that are healthy and not excluded.
   * Empty only where all are excluded but those that cannot serve: the failure of an excluded one may have passed by now.
   */
  usable(candidates: readonly Candidate[], exclude: ReadonlySet<string> | undefined): readonly Candidate[] {
    const isFirst = exclude === undefined || exclude.size === 0;
    if (this.#ejected === 0 && this.#cold === 0) return isFirst ? candidates : without(exclude, candidates);
    const now = this.#parts.clock.now();
    // A call that has failed once is not sent to a node that probably fails.
    const probe = isFirst ? this.#probeAmong(candidates, now) : undefined;
    if (probe !== undefined) return [probe];
    let usable = this.#narrowedTo(candidates);
    if (!isFirst) {
      usable = without(exclude, usable);
      if (usable.length === 0) return this.#hopeful(without(exclude, candidates));
    }
    return this.#cold === 0 ? usable : this.#slowlyStarted(candidates, usable, now);
  }

  /** Learns from the outcome of a selected candidate. */
  report(candidate: Candidate, outcome: Outcome): void {
    const health = this.#healthOf(candidate);
    if (health?.evidence === undefined || health.isGone) return;
    const now = outcome.endedAt ?? this.#parts.clock.now();
    if (outcome.error === undefined && health.ejection === undefined) {
      health.evidence.served(now);
      return;
    }
    const kind = outcomeKind(outcome.error);
    if (health.ejection === undefined) this.#judge(candidate, health, kind, outcome, now);
    else this.#judgeEjected(candidate, health, kind, outcome, now);
  }

  /** The strategy failed over the candidates that it got: a probe among them was not sent. */
  neverSent(candidates: readonly Candidate[]): void {
    if (candidates.length !== 1) return;
    this.#healthOf(candidates[0] as Candidate)?.ejection?.giveProbeBack();
    this.#planProbe();
  }

  readonly #healthOf = (candidate: Candidate): NodeHealth | undefined =>
    KnownNode.healthOf(candidate) ?? this.#nodes.get(candidate.node.id);

  #newNode(id: string, address: string, isFirstSet: boolean): NodeHealth {
    const { ejection, slowStartMs } = this.#parts.options;
    const health = new NodeHealth(id, address, ejection);
    if (!isFirstSet && slowStartMs > 0) health.coldSince = this.#parts.clock.now();
    return health;
  }

  #judge(
    candidate: Candidate,
    health: NodeHealth,
    kind: OutcomeKind,
    { elapsedMs, error }: Outcome,
    now: number,
  ): void {
    if (kind === 'served') {
      health.evidence?.served(now);
      return;
    }
    if (health.isOld(elapsedMs, now)) return;
    const reason = health.evidence?.against(kind, elapsedMs, now);
    // There is nowhere else to go.
    if (reason === undefined || this.#nodes.size < 2) return;
    this.#eject(candidate, health, reason, error);
  }

  #judgeEjected(
    candidate: Candidate,
    health: NodeHealth,
    kind: OutcomeKind,
    { elapsedMs, error }: Outcome,
    now: number,
  ): void {
    const turn = health.ejection?.note(kind, elapsedMs, now);
    if (turn === undefined) return;
    if (turn === 'again') {
      const reason = kind === 'unreachable' || kind === 'draining' ? kind : 'probe_failed';
      this.#eject(candidate, health, reason, error);
      return;
    }
    if (turn === 'returns') this.#takeBack(candidate);
    this.#changed();
  }

  #takeBack(candidate: Candidate): void {
    const { options, clock, logger } = this.#parts;
    this.#healthOf(candidate)?.takeBack(clock.now(), options.slowStartMs > 0);
    logger.info('a node that was ejected is used again', this.#about(candidate));
    this.#returned(candidate);
  }

  #eject(candidate: Candidate, health: NodeHealth, reason: EjectionReason, error: unknown): void {
    const { options, clock, logger, telemetry } = this.#parts;
    if (options.ejection === undefined) return;
    const isNew = health.ejection === undefined;
    const holdMs = Math.round(health.eject(reason, options.ejection, clock.now()));
    telemetry.ejections.add(1, { service: this.#service, node: health.id, reason });
    const fields = { ...this.#about(candidate), reason, holdMs, error };
    if (isNew) logger.warn('a node is ejected for a while', fields);
    else logger.debug('an ejected node failed its probe', fields);
    this.#changed();
  }

  #about({ node }: Candidate): { service: string; node: string; address: string } {
    return { service: this.#service, node: node.id, address: node.address };
  }

  #probeAmong(candidates: readonly Candidate[], now: number): Candidate | undefined {
    if (now < this.#nextProbeAt) return undefined;
    for (const candidate of candidates) {
      const ejection = this.#healthOf(candidate)?.ejection;
      if (ejection === undefined || now < ejection.probeAt) continue;
      ejection.probed(now);
      this.#planProbe();
      return candidate;
    }
    return undefined;
  }

  #narrowedTo(candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.#ejected === 0) return candidates;
    if (this.#narrowed?.all === candidates) return this.#narrowed.usable;
    const healthy = candidates.filter((candidate) => this.#healthOf(candidate)?.ejection === undefined);
    let usable: readonly Candidate[] = healthy;
    if (this.#panic.isNeeded(healthy.length, candidates.length)) {
      usable = this.#lastResort(candidates);
      if (usable.length > healthy.length) this.#panic.begin(candidates.flatMap((one) => this.#healthOf(one) ?? []));
    }
    this.#narrowed = { all: candidates, usable };
    return usable;
  }

  /** Those that might serve; where none might, all: never no node while one is known. */
  #lastResort(candidates: readonly Candidate[]): readonly Candidate[] {
    const hopeful = this.#hopeful(candidates);
    return hopeful.length > 0 ? hopeful : candidates;
  }

  #hopeful(candidates: readonly Candidate[]): readonly Candidate[] {
    return candidates.filter((candidate) => this.#healthOf(candidate)?.ejection?.certain !== true);
  }

  #slowlyStarted(all: readonly Candidate[], usable: readonly Candidate[], now: number): readonly Candidate[] {
    const { slowStartMs } = this.#parts.options;
    if (now >= this.#nextWarmAt) {
      for (const health of this.#nodes.values())
        if (health.coldSince !== undefined && now - health.coldSince >= slowStartMs) health.coldSince = undefined;
      this.#changed();
    }
    return this.#cold === 0 ? usable : slowlyStarted(all, usable, this.#healthOf, { slowStartMs, now });
  }

  /** Somebody's health is not what it was: counts anew. Rare, so that choosing need not. */
  #changed(): void {
    const ejectedBefore = this.#ejected;
    this.#narrowed = undefined;
    this.#ejected = 0;
    this.#cold = 0;
    this.#nextWarmAt = Number.POSITIVE_INFINITY;
    for (const { ejection, coldSince } of this.#nodes.values()) {
      if (ejection !== undefined) this.#ejected += 1;
      if (coldSince === undefined) continue;
      this.#cold += 1;
      this.#nextWarmAt = Math.min(this.#nextWarmAt, coldSince + this.#parts.options.slowStartMs);
    }
    this.#planProbe();
    this.#panic.changed();
    if (this.#ejected !== ejectedBefore) this.#parts.telemetry.ejected.set(this.#ejected, { service: this.#service });
  }

  #planProbe(): void {
    this.#nextProbeAt = Number.POSITIVE_INFINITY;
    if (this.#ejected === 0) return;
    for (const { ejection } of this.#nodes.values())
      if (ejection !== undefined) this.#nextProbeAt = Math.min(this.#nextProbeAt, ejection.probeAt);
  }
}

function without(exclude: ReadonlySet<string>, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ node }) => !exclude.has(node.id));
}
