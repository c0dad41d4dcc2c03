import { type CancelTimer, type Candidate, type Reply, ServiceError } from '@tenon/contract';
import { Attempt } from './attempt.js';
import type { AttemptParts, Releasable } from './attempt-parts.js';
import { EitherCancellation, OwnCancellation } from './cancellations.js';
import { selectUntried } from './candidate.js';
import type { PreparedCall } from './prepared-call.js';
import { repeated } from './sent-metadata.js';
import { farther, Trail } from './trail.js';

/**
 * A call that is sent to a second node where the first has not answered for a while. The first success is the call's; the other
 * attempt is cancelled, which its server feels. A failure waits for what the other comes to.
 *
 * The first goes on as every call does, repeated where the rule allows; the second is one attempt, and counts among them.
 */
export class HedgedCall {
  readonly #call: PreparedCall;
  readonly #parts: AttemptParts;
  readonly #signal: Releasable | undefined;
  readonly #trail = new Trail();
  readonly #stopFirst = new OwnCancellation();
  readonly #stopSecond = new OwnCancellation();
  #cancelTimer: CancelTimer = () => {};
  /** Whether a second attempt is looked for, or under way. */
  #secondRuns = false;
  #secondSent = false;
  /** Of the one that failed first; the error of the call is the first attempt's. */
  #failures: { first?: ServiceError; second?: ServiceError } = {};
  #settled = false;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: ServiceError) => void = () => {};

  constructor(call: PreparedCall, parts: AttemptParts, signal: Releasable | undefined) {
    this.#call = call;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Answers at once where the first attempt does. */
  outcome(startedAt: number, hedgeAfterMs: number): Reply | Promise<Reply> {
    const first = new Attempt(this.#stoppedBy(this.#stopFirst), this.#parts, startedAt, undefined, this.#trail);
    first.begin();
    const replied = first.outcome();
    if (!(replied instanceof Promise)) {
      this.#signal?.release();
      return replied;
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const late = (): void => {
        this.#sendSecond().catch((thrown: unknown) => this.#secondFailed(ServiceError.from(thrown)));
      };
      if (startedAt + hedgeAfterMs < this.#call.readyBy)
        this.#cancelTimer = this.#parts.clock.after(hedgeAfterMs, late);
      replied.then(
        (reply) => this.#succeed(reply, 'lost'),
        (thrown: unknown) => {
          this.#failures.first = ServiceError.from(thrown);
          if (!this.#secondRuns) this.#fail();
        },
      );
    });
  }

  async #sendSecond(): Promise<void> {
    const { repetition, clock } = this.#parts;
    const trail = this.#trail;
    const busy = trail.current;
    // The first one counts too, and where it has no node yet, a second would find none either.
    if (busy === undefined || trail.counted + 2 > this.#call.maxAttempts) return;
    if (!repetition.budget.has(clock.now())) return;
    this.#secondRuns = true;
    const call = repeated({ ...this.#stoppedBy(this.#stopSecond), maxAttempts: 1 }, trail.failures + 2);
    const other = await selectUntried(call, new Set([...trail.tried, busy]), this.#parts);
    if (other !== undefined && !this.#settled) {
      await this.#race(other, call);
      return;
    }
    if (other !== undefined) this.#giveBack(other);
    this.#secondRuns = false;
    if (this.#failures.first !== undefined) this.#fail();
  }

  async #race(other: Candidate, call: PreparedCall): Promise<void> {
    const { repetition, clock } = this.#parts;
    const now = clock.now();
    repetition.budget.draw(now);
    this.#trail.counted += 1;
    this.#trail.tried.add(other.node.id);
    this.#secondSent = true;
    const second = new Attempt(call, this.#parts, now, undefined, new Trail());
    second.begin(other);
    this.#succeed(await second.outcome(), 'won');
  }

  /** The call was over before it got there. */
  #giveBack(other: Candidate): void {
    const error = new ServiceError('Canceled', 'the call had ended before it was sent', { executed: 'no' });
    this.#parts.selector.report(this.#call.endpoint.service, other, { elapsedMs: 0, error });
  }

  #secondFailed(error: ServiceError): void {
    this.#failures.second = error;
    this.#secondRuns = false;
    if (!this.#settled && this.#secondSent) this.#count('lost');
    if (this.#failures.first !== undefined) this.#fail();
  }

  #succeed(reply: Reply, second: 'won' | 'lost'): void {
    if (!this.#end()) return;
    if (this.#secondRuns && this.#secondSent) this.#count(second);
    const loser = second === 'won' ? this.#stopFirst : this.#stopSecond;
    loser.cancel(new ServiceError('Canceled', 'the other attempt of the hedged call was answered first'));
    this.#resolve(reply);
  }

  #fail(): void {
    const { first, second } = this.#failures;
    if (first === undefined || !this.#end()) return;
    if (second === undefined) this.#reject(first);
    else
      this.#reject(
        first.with({
          attempts: [...first.attempts, ...second.attempts],
          executed: farther(first.executed, second.executed),
        }),
      );
  }

  /** Whether it was not over before. */
  #end(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#cancelTimer();
    this.#signal?.release();
    return true;
  }

  #stoppedBy(own: OwnCancellation): PreparedCall {
    const { cancellation } = this.#call;
    return {
      ...this.#call,
      cancellation: cancellation === undefined ? own : new EitherCancellation(own, cancellation),
    };
  }

  #count(result: 'won' | 'lost'): void {
    const { service, name: endpoint } = this.#call.endpoint;
    this.#parts.telemetry.hedges.add(1, { service, endpoint, result });
  }
}
