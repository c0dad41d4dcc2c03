import { type Candidate, type Connection, type Reply, type ReplyListener, ServiceError } from '@tenon/contract';
import { rejected } from '../interceptors/rejected.js';
import type { AttemptParts, Releasable } from './attempt-parts.js';
import { directCandidate, select, selectAnother, selectUntried } from './candidate.js';
import type { Loan } from './connection-pool.js';
import type { PreparedCall } from './prepared-call.js';
import { ReplyMessages } from './reply-messages.js';
import { repeated } from './sent-metadata.js';
import type { PendingAttempt } from './signs-of-life.js';
import { Trail } from './trail.js';
import { arrivedWithin, pause, untilEnd } from './until-end.js';

/**
 * One try of a call on one node, and, where it is the first, the call as its caller waits for it: most calls have one attempt,
 * and that is the one object made for them. Where another may follow, this one is over for good, so that what its transport
 * still says of it is nobody's answer.
 */
export class Attempt implements ReplyListener, PendingAttempt {
  /** Belongs to the `Pulse` of the connection. */
  place = -1;
  readonly #call: PreparedCall;
  readonly #parts: AttemptParts;
  readonly #signal: Releasable | undefined;
  readonly #startedAt: number;
  /** The first attempt of the call: whoever waits for the call waits for it. */
  readonly #first: Attempt;
  #trail: Trail | undefined;
  /** When it was connected to the node, where that took time. */
  #connectedAt: number | undefined;
  #candidate: Candidate | undefined;
  #loan: Loan | undefined;
  #isLocal = false;
  #over = false;
  /** Whoever waits for the outcome; nobody does while the call is still being handed over. */
  #resolve: ((reply: Reply) => void) | undefined;
  #reject: ((error: ServiceError) => void) | undefined;
  #reply: Reply | undefined;
  #error: ServiceError | undefined;

  /**
   * @param startedAt - now, in milliseconds of `Clock.now()`.
   * @param signal - let go of when the call is over.
   * @param trail - what was tried before, or will be beside it.
   * @param first - absent: this is it.
   */
  constructor(
    call: PreparedCall,
    parts: AttemptParts,
    startedAt: number,
    signal: Releasable | undefined,
    trail?: Trail,
    first?: Attempt,
  ) {
    this.#call = call;
    this.#parts = parts;
    this.#startedAt = startedAt;
    this.#signal = signal;
    this.#trail = trail;
    this.#first = first ?? this;
  }

  /** What the call came to, where it is over; else a promise of it. Asked for once, of the first attempt. */
  outcome(): Reply | Promise<Reply> {
    if (this.#reply !== undefined) return this.#reply;
    if (this.#error !== undefined) return rejected(this.#error);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @param chosen - its node, where somebody has selected one. */
  begin(chosen?: Candidate): void {
    try {
      const candidate = chosen ?? this.#choose();
      if (candidate instanceof Promise) this.#goOn(candidate, (found) => this.#callNode(found));
      else this.#callNode(candidate);
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  /** Goes on when what the attempt needs is there; what fails on the way fails the attempt. */
  #goOn<T>(needed: Promise<T>, step: (found: T) => void): void {
    needed.then(step).catch((thrown: unknown) => this.onFailure(thrown));
  }

  #choose(): Candidate | Promise<Candidate> {
    const { address, endpoint, filters } = this.#call;
    if (address !== undefined) return directCandidate(address, endpoint.service);
    const trail = this.#trail;
    if (trail !== undefined && trail.failures > 0) return selectAnother(this.#call, trail, this.#parts);
    const local = this.#parts.local?.candidate(endpoint.service, filters);
    this.#isLocal = local !== undefined;
    return local ?? select(this.#call, undefined, this.#parts);
  }

  #callNode(candidate: Candidate): void {
    const { pool, local } = this.#parts;
    this.#candidate = candidate;
    if (this.#trail !== undefined) this.#trail.current = candidate.node.id;
    if (this.#isLocal && local !== undefined) {
      local.send(this.#call, candidate.node, this.#startedAt, this);
      return;
    }
    const loan = pool.acquire(candidate.node, this.#call.endpoint.service);
    this.#loan = loan;
    if (!(loan.connection instanceof Promise)) this.#send(loan.connection, this.#startedAt);
    else this.#dialled(loan.connection).catch((thrown: unknown) => this.onFailure(thrown));
  }

  /** Waits for the connection as long as the call may; where that takes long, another node serves the call if there is one. */
  async #dialled(connection: Promise<Connection>): Promise<void> {
    const { clock, connectPatienceMs, repetition } = this.#parts;
    const { readyBy: deadline, cancellation } = this.#call;
    const end = { deadline, cancellation };
    let ready = await arrivedWithin(connectPatienceMs, connection, end, clock);
    if (ready === undefined && repetition.mayMoveOn(this.#call, this.#trail)) {
      const other = await selectUntried(this.#call, this.#withThis(), this.#parts);
      if (other !== undefined) {
        this.#moveOn(other);
        return;
      }
    }
    ready ??= await untilEnd(connection, end, clock);
    // Connecting says nothing about how fast the node answers, and would count against it for a long time.
    this.#connectedAt = clock.now();
    this.#send(ready, this.#connectedAt);
  }

  #send(connection: Pick<Connection, 'unary' | 'send' | 'stream'>, now: number): void {
    const call = this.#call;
    const isUnary = call.endpoint.kind === 'unary';
    const pulse = this.#loan?.pulse;
    if (pulse !== undefined && isUnary) {
      if (pulse.silent && this.#isAvoidable()) {
        this.#avoid();
        this.onFailure(new ServiceError('Unavailable', 'the node gives no sign of life', { executed: 'no' }));
        return;
      }
      pulse.sent(this, now);
    }
    if (connection.send !== undefined) connection.send(call, this, now);
    else this.#await(isUnary ? connection.unary(call) : connection.stream(call));
  }

  #await(replied: Promise<Reply>): void {
    replied.then(
      (reply) => this.onReply(reply),
      (thrown: unknown) => this.onFailure(thrown),
    );
  }

  onReply(reply: Reply, at?: number): void {
    if (this.#over) {
      this.#loan?.pulse?.sign(at ?? this.#parts.clock.now());
      return;
    }
    if (reply.messages === undefined) {
      this.#finish(undefined, at);
      this.#end();
      this.#succeed(reply);
      return;
    }
    this.#call.messages?.commit();
    const messages = new ReplyMessages(reply.messages[Symbol.asyncIterator](), (error) => this.#messagesEnded(error));
    this.#succeed({ value: undefined, messages, metadata: reply.metadata });
  }

  onFailure(thrown: unknown): void {
    const candidate = this.#candidate;
    const error = ServiceError.from(thrown, { executed: candidate === undefined ? 'no' : 'maybe' });
    if (this.#over) {
      if (error.answered) this.#loan?.pulse?.sign(this.#parts.clock.now());
      return;
    }
    if (error.code === 'Internal' && error !== thrown)
      this.#complain('an attempt failed by a fault of its parts', thrown);
    this.#finish(error);
    const trail = this.#note(error);
    const waitMs = this.#parts.repetition.after(error, candidate, this.#call, trail);
    if (waitMs === undefined) {
      if (trail.turnsToAvoided(error, this.#call.idempotent)) this.#beginAnother(trail);
      else this.#fail(error);
      return;
    }
    pause(waitMs, this.#call, this.#parts.clock).then(
      () => this.#beginAnother(trail),
      (ended: ServiceError) => {
        this.#candidate = undefined;
        this.#fail(ended);
      },
    );
  }

  giveUp(error: ServiceError): void {
    if (this.#over || !this.#parts.repetition.mayGiveUp(this.#call, this.#trail)) return;
    this.#avoid();
    this.onFailure(error);
  }

  #beginAnother(trail: Trail, chosen?: Candidate): void {
    const call = trail.failures === 0 ? this.#call : repeated(this.#call, trail.failures + 1);
    const now = this.#parts.clock.now();
    new Attempt(call, this.#parts, now, this.#signal, trail, this.#first).begin(chosen);
  }

  /** Dialling goes on for others; this call has found somebody else. */
  #moveOn(other: Candidate): void {
    const late = `the node was not connected to within ${this.#parts.connectPatienceMs} ms`;
    const error = new ServiceError('Unavailable', late, { executed: 'no' });
    this.#finish(error);
    const trail = this.#note(error);
    this.#parts.repetition.movedOn(error, this.#call, trail);
    this.#beginAnother(trail, other);
  }

  /** A stream whose first message has come is not begun again: whatever ends it ends the call. */
  #messagesEnded(error: ServiceError | undefined): ServiceError | undefined {
    this.#finish(error);
    this.#end();
    if (error === undefined) return undefined;
    this.#note(error);
    return this.#described(error);
  }

  /** Lists the attempt where it failed on a node. */
  #note(error: ServiceError): Trail {
    this.#trail ??= new Trail();
    if (this.#candidate !== undefined)
      this.#trail.add(error, this.#candidate, this.#parts.clock.now() - this.#startedAt);
    return this.#trail;
  }

  /**
   * Whether another node might do: one that was tried is only tried again where there is none. The last attempt goes where it
   * can: where all are silent it is this side that stood still, or they will be heard again.
   */
  #isAvoidable(): boolean {
    if (this.#trail?.tried.has((this.#candidate as Candidate).node.id) === true) return false;
    return this.#parts.repetition.mayAvoid(this.#call, this.#trail);
  }

  #avoid(): void {
    this.#trail ??= new Trail();
    this.#trail.avoided = this.#candidate?.node.id;
  }

  #withThis(): ReadonlySet<string> {
    return new Set([...(this.#trail?.tried ?? []), (this.#candidate as Candidate).node.id]);
  }

  /** Gives back what the attempt had on loan, and tells the selector and the budget how it went. */
  #finish(error: ServiceError | undefined, at?: number): void {
    this.#over = true;
    const { pool, selector, clock, repetition } = this.#parts;
    const { endpoint, address } = this.#call;
    const candidate = this.#candidate;
    const loan = this.#loan;
    const wasSelected = candidate !== undefined && address === undefined && !this.#isLocal;
    if (loan === undefined && !wasSelected) return;
    const endedAt = at ?? clock.now();
    if (loan !== undefined) {
      pool.release(loan, endedAt);
      loan.pulse?.left(this);
      if (error === undefined) repetition.budget.deposit(endedAt);
      if (error === undefined || error.answered) loan.pulse?.sign(endedAt);
    }
    if (!wasSelected) return;
    try {
      const elapsedMs = endedAt - (this.#connectedAt ?? this.#startedAt);
      selector.report(endpoint.service, candidate, { elapsedMs, endedAt, error });
    } catch (thrown) {
      this.#complain('a selector threw when it was told how an attempt went', thrown);
    }
  }

  #succeed(reply: Reply): void {
    const first = this.#first;
    if (first.#resolve === undefined) first.#reply = reply;
    else first.#resolve(reply);
  }

  /** No further attempt. */
  #fail(error: ServiceError): void {
    this.#end();
    const described = this.#described(error);
    const first = this.#first;
    if (first.#reject === undefined) first.#error = described;
    else first.#reject(described);
  }

  /** The call is over: the caller's requests are not asked for any more. */
  #end(): void {
    this.#signal?.release();
    // What the caller's own generator throws while it ends is not the outcome of the call.
    const { messages } = this.#call;
    if (messages !== undefined) messages.close().catch(() => {});
  }

  #described(error: ServiceError): ServiceError {
    const { endpoint } = this.#call;
    const trail = this.#trail;
    return error.with({
      service: error.service ?? endpoint.service,
      endpoint: error.endpoint ?? endpoint.name,
      node: error.node ?? (this.#candidate?.node.id || undefined),
      executed: trail?.executedAlso(error.executed) ?? error.executed,
      attempts: trail?.attempts ?? [],
    });
  }

  #complain(message: string, error: unknown): void {
    const { service, name: endpoint } = this.#call.endpoint;
    this.#parts.logger.error(message, { service, endpoint, error });
  }
}
