import { type Candidate, type Clock, type Logger, nodeMetadata, outcomeKind, type ServiceError } from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import { RetryBudget } from '../resilience/retry-budget.js';
import type { ResolvedRetry } from '../resilience/retry-options.js';
import { mayRetry, neverTaken } from '../resilience/retry-rule.js';
import type { Telemetry } from '../telemetry/index.js';
import type { PreparedCall } from './prepared-call.js';
import type { Trail } from './trail.js';

/** Decides what comes after a failed attempt, for all calls of a client: they share its budget. */
export class Repetition {
  readonly budget: RetryBudget;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly retry: ResolvedRetry,
    private readonly clock: Clock,
    private readonly telemetry: Telemetry,
    private readonly logger: Logger,
  ) {
    this.budget = new RetryBudget(retry.budget);
  }

  /**
   * How long to wait before the next attempt, in milliseconds; undefined where there is none, and the failure is the call's.
   *
   * @param candidate - where the attempt failed; undefined where no node could be chosen.
   * @param trail - has the attempt already.
   */
  after(error: ServiceError, candidate: Candidate | undefined, call: PreparedCall, trail: Trail): number | undefined {
    const patient = call.waitForReady && isNotReady(error);
    if (candidate === undefined) {
      // Without a node there is nothing to repeat, but something to wait for.
      if (!patient) return undefined;
      trail.waits += 1;
    } else {
      if (!patient) trail.counted += 1;
      if (!mayRepeat(error, candidate, call, trail)) return undefined;
      if (trail.counted >= call.maxAttempts) return undefined;
    }
    const isFirst = trail.failures + trail.waits === 1 && candidate !== undefined;
    const waitMs = isFirst && error.executed === 'no' ? 0 : backoffMs(trail.failures + trail.waits, this.retry.backoff);
    const now = this.clock.now();
    if (now + waitMs >= call.readyBy) return undefined;
    if (this.#isPaid(error, call, trail, patient, now)) return waitMs;
    if (!patient) return undefined;
    // Whoever waits for a node that is ready waits for the means, too, instead of failing.
    const { maxMs } = this.retry.backoff;
    const longWaitMs = backoffMs(1, { baseMs: maxMs, factor: 1, maxMs, jitter: 0.5 });
    return now + longWaitMs < call.readyBy ? longWaitMs : undefined;
  }

  /** Whether an attempt that may have run is worth giving up: the call could then be repeated, and the budget has the means. */
  mayGiveUp({ idempotent, address, maxAttempts, servesRepetition }: PreparedCall, trail: Trail | undefined): boolean {
    if (!idempotent || address !== undefined || servesRepetition) return false;
    return countedIn(trail) + 1 < maxAttempts && this.budget.has(this.clock.now());
  }

  /** Whether a call whose node is still being dialled may go to another one. */
  mayMoveOn({ address, maxAttempts, waitForReady }: PreparedCall, trail: Trail | undefined): boolean {
    if (address !== undefined || trail?.keptBy !== undefined) return false;
    return waitForReady || countedIn(trail) + 1 < maxAttempts;
  }

  /** Whether an attempt need not be sent, because another node can be tried instead: one that cannot be paid for is none. */
  mayAvoid(call: PreparedCall, trail: Trail | undefined): boolean {
    if (!this.mayMoveOn(call, trail)) return false;
    return call.waitForReady || trail?.repeatedFree !== true || this.budget.has(this.clock.now());
  }

  /** The call goes to another node because dialling the first takes long. No server has felt anything of it. */
  movedOn(error: ServiceError, call: PreparedCall, trail: Trail): void {
    if (!call.waitForReady) trail.counted += 1;
    this.#count(error, call, 'free');
  }

  #isPaid(error: ServiceError, call: PreparedCall, trail: Trail, patient: boolean, now: number): boolean {
    const free = neverTaken(error) && (patient || !trail.repeatedFree);
    if (free) trail.repeatedFree ||= !patient;
    else if (!this.budget.draw(now)) return this.#refuse(call);
    this.#count(error, call, free ? 'free' : 'drawn');
    return true;
  }

  #count(error: ServiceError, { endpoint }: PreparedCall, budget: 'free' | 'drawn'): void {
    const { service, name } = endpoint;
    this.telemetry.retries.add(1, { service, endpoint: name, reason: outcomeKind(error), budget });
  }

  #refuse({ endpoint: { service, name: endpoint } }: PreparedCall): false {
    this.telemetry.budgetEmpty.add(1, { service, endpoint });
    const now = this.clock.now();
    if (now - this.#complainedAt >= betweenComplaintsMs) {
      this.#complainedAt = now;
      this.logger.warn('the retry budget is empty: calls fail without another attempt', { service, endpoint });
    }
    return false;
  }
}

/** Nobody is there, or whoever is has too much to do: nothing has run, and later something may. */
function isNotReady(error: ServiceError): boolean {
  return error.refusal === 'overloaded' || (error.code === 'Unavailable' && neverTaken(error));
}

function mayRepeat(error: ServiceError, { node }: Candidate, call: PreparedCall, trail: Trail): boolean {
  if (call.messages?.restartable === false) return false;
  // One layer of a chain repeats: the call being served is a repetition itself.
  if (call.servesRepetition && !neverTaken(error)) return false;
  if (call.idempotencyKey === undefined || call.idempotent) return mayRetry(error, call.idempotent);
  // Only nodes that are known to be Tenon's keep keys, and only the one that has seen it keeps this one.
  const isKept = nodeMetadata.protocols in node.metadata;
  if (!mayRetry(error, isKept)) return false;
  if (error.executed !== 'no') trail.keptBy = node.id;
  return true;
}

function countedIn(trail: Trail | undefined): number {
  return trail?.counted ?? 0;
}

const betweenComplaintsMs = 1_000;
