import {
  type Attempt,
  type Candidate,
  type Clock,
  type Connection,
  type Executed,
  type Reply,
  type ReplyListener,
  type Selector,
  ServiceError,
} from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import { rejected } from '../interceptors/rejected.js';
import type { LocalConnection } from '../local/index.js';
import type { ResolvedRetry } from '../resilience/retry-options.js';
import { mayRetry } from '../resilience/retry-rule.js';
import { directCandidate, select } from './candidate.js';
import type { ConnectionPool, Loan } from './connection-pool.js';
import type { PreparedCall } from './prepared-call.js';
import { ReplyMessages } from './reply-messages.js';
import { pause, untilEnd } from './until-end.js';

/** What the attempts of a call need. */
export interface AttemptParts {
  readonly selector: Selector;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly retry: ResolvedRetry;
  /** Services of the same app, which are called without a wire; absent where they are treated as any other. */
  readonly local?: LocalConnection | undefined;
}

/** What somebody holds for as long as a call lasts. */
export interface Releasable {
  release(): void;
}

/**
 * Carries one call to its end: chooses a node, calls it, and where the rule allows tries another, all within the one
 * deadline. The last error is what the caller sees, with every attempt listed in it.
 *
 * Answers at once where nothing on the way takes time, as in a call to a handler of the same app that does not wait; else
 * by a promise, the only one that is made here for a call whose node is known and connected. Rejects, and never throws.
 *
 * @param startedAt - now, in milliseconds of `Clock.now()`.
 * @param signal - of the call's interceptors: let go of when the call is over, a stream with its last message.
 */
export function runAttempts(
  call: PreparedCall,
  parts: AttemptParts,
  startedAt: number,
  signal?: Releasable,
): Reply | Promise<Reply> {
  const attempts = new Attempts(call, parts, startedAt, signal);
  attempts.begin();
  return attempts.outcome();
}

class Attempts implements ReplyListener {
  readonly #call: PreparedCall;
  readonly #parts: AttemptParts;
  readonly #signal: Releasable | undefined;
  /** Whoever waits for the outcome; nobody does while the call is still being handed over. */
  #resolve: ((reply: Reply) => void) | undefined;
  #reject: ((error: ServiceError) => void) | undefined;
  #reply: Reply | undefined;
  #error: ServiceError | undefined;
  #failed: Attempt[] | undefined;
  #tried: Set<string> | undefined;
  #startedAt: number;
  /** When it was connected to the node, where that took time. */
  #connectedAt: number | undefined;
  #candidate: Candidate | undefined;
  #loan: Loan | undefined;
  #isLocal = false;

  constructor(call: PreparedCall, parts: AttemptParts, startedAt: number, signal: Releasable | undefined) {
    this.#call = call;
    this.#parts = parts;
    this.#signal = signal;
    this.#startedAt = startedAt;
  }

  /** What the call came to, where it is over; else a promise of it. Asked for once. */
  outcome(): Reply | Promise<Reply> {
    if (this.#reply !== undefined) return this.#reply;
    if (this.#error !== undefined) return rejected(this.#error);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  #beginAnother(): void {
    this.#startedAt = this.#parts.clock.now();
    this.#connectedAt = undefined;
    this.#candidate = undefined;
    this.begin();
  }

  begin(): void {
    try {
      const candidate = this.#choose();
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

  /** A node that was not tried yet; where every one was, any: the failure may have passed, as in a restart. */
  #choose(): Candidate | Promise<Candidate> {
    const { address, endpoint, filters } = this.#call;
    if (address !== undefined) return directCandidate(address, endpoint.service);
    if (this.#tried !== undefined) return this.#chooseAnother(this.#tried);
    const local = this.#parts.local?.candidate(endpoint.service, filters);
    this.#isLocal = local !== undefined;
    return local ?? select(this.#call, undefined, this.#parts);
  }

  async #chooseAnother(tried: ReadonlySet<string>): Promise<Candidate> {
    try {
      return await select(this.#call, tried, this.#parts);
    } catch (thrown) {
      if (ServiceError.from(thrown).code !== 'Unavailable') throw thrown;
      return select(this.#call, undefined, this.#parts);
    }
  }

  #callNode(candidate: Candidate): void {
    const { pool, clock, local } = this.#parts;
    this.#candidate = candidate;
    if (this.#isLocal && local !== undefined) {
      local.send(this.#call, candidate.node, this.#startedAt, this);
      return;
    }
    this.#loan = pool.acquire(candidate.node, this.#call.endpoint.service);
    const { connection } = this.#loan;
    if (!(connection instanceof Promise)) {
      this.#send(connection, this.#startedAt);
      return;
    }
    const { readyBy: deadline, cancellation } = this.#call;
    this.#goOn(untilEnd(connection, { deadline, cancellation }, clock), (ready) => {
      // Connecting says nothing about how fast the node answers, and would count against it for a long time.
      this.#connectedAt = clock.now();
      this.#send(ready, this.#connectedAt);
    });
  }

  #send(connection: Pick<Connection, 'unary' | 'send' | 'stream'>, now: number): void {
    const call = this.#call;
    if (connection.send !== undefined) connection.send(call, this, now);
    else this.#await(call.endpoint.kind === 'unary' ? connection.unary(call) : connection.stream(call));
  }

  #await(replied: Promise<Reply>): void {
    replied.then(
      (reply) => this.onReply(reply),
      (thrown: unknown) => this.onFailure(thrown),
    );
  }

  onReply(reply: Reply, at?: number): void {
    if (reply.messages === undefined) {
      this.#finish(undefined, at);
      this.#over();
      this.#succeed(reply);
      return;
    }
    this.#call.messages?.commit();
    const messages = new ReplyMessages(reply.messages[Symbol.asyncIterator](), (error) => this.#messagesEnded(error));
    this.#succeed({ value: undefined, messages, metadata: reply.metadata });
  }

  onFailure(thrown: unknown): void {
    const { clock, retry } = this.#parts;
    const candidate = this.#candidate;
    const error = ServiceError.from(thrown, { executed: candidate === undefined ? 'no' : 'maybe' });
    this.#finish(error);
    if (candidate === undefined) {
      this.#fail(error);
      return;
    }
    const attempts = this.#note(error);
    this.#tried ??= new Set();
    this.#tried.add(candidate.node.id);
    const waitMs = attempts === 1 && error.executed === 'no' ? 0 : backoffMs(attempts, retry.backoff);
    if (!this.#mayTryAgain(error, attempts) || clock.now() + waitMs >= this.#call.readyBy) {
      this.#fail(error);
      return;
    }
    pause(waitMs, this.#call, clock).then(
      () => this.#beginAnother(),
      (ended: ServiceError) => {
        this.#candidate = undefined;
        this.#fail(ended);
      },
    );
  }

  /** A stream whose first message has come is not begun again: whatever ends it ends the call. */
  #messagesEnded(error: ServiceError | undefined): ServiceError | undefined {
    this.#finish(error);
    this.#over();
    if (error === undefined) return undefined;
    this.#note(error);
    return this.#described(error);
  }

  /** Lists the attempt that failed; returns how many have. */
  #note(error: ServiceError): number {
    this.#failed ??= [];
    const elapsedMs = this.#parts.clock.now() - this.#startedAt;
    return this.#failed.push(attemptOf(error, this.#candidate as Candidate, elapsedMs));
  }

  #mayTryAgain(error: ServiceError, attempts: number): boolean {
    const { maxAttempts, idempotent, messages } = this.#call;
    if (attempts >= maxAttempts) return false;
    return messages?.restartable !== false && mayRetry(error, idempotent);
  }

  /** Gives back what the attempt had on loan, and tells the selector how it went. */
  #finish(error: ServiceError | undefined, at?: number): void {
    const { pool, selector, clock } = this.#parts;
    if (this.#loan !== undefined) pool.release(this.#loan);
    this.#loan = undefined;
    const wasSelected = this.#candidate !== undefined && this.#call.address === undefined && !this.#isLocal;
    this.#isLocal = false;
    if (!wasSelected || this.#candidate === undefined) return;
    const endedAt = at ?? clock.now();
    selector.report(this.#call.endpoint.service, this.#candidate, {
      elapsedMs: endedAt - (this.#connectedAt ?? this.#startedAt),
      endedAt,
      error,
    });
  }

  #succeed(reply: Reply): void {
    if (this.#resolve === undefined) this.#reply = reply;
    else this.#resolve(reply);
  }

  /** No further attempt. */
  #fail(error: ServiceError): void {
    this.#over();
    const described = this.#described(error);
    if (this.#reject === undefined) this.#error = described;
    else this.#reject(described);
  }

  /** The call is over: the caller's requests are not asked for any more. */
  #over(): void {
    this.#signal?.release();
    // What the caller's own generator throws while it ends is not the outcome of the call.
    const { messages } = this.#call;
    if (messages !== undefined) messages.close().catch(() => {});
  }

  #described(error: ServiceError): ServiceError {
    const { endpoint } = this.#call;
    const attempts = this.#failed ?? [];
    return error.with({
      service: error.service ?? endpoint.service,
      endpoint: error.endpoint ?? endpoint.name,
      node: error.node ?? (this.#candidate?.node.id || undefined),
      executed: farthest([error, ...attempts]),
      attempts,
    });
  }
}

function attemptOf(error: ServiceError, { node }: Candidate, elapsedMs: number): Attempt {
  const { code, rawMessage: message, executed } = error;
  return { node: node.id || undefined, address: node.address, code, message, executed, elapsedMs };
}

/** What holds of the whole call: an attempt that certainly did not run says nothing about an earlier one that may have. */
function farthest(ends: readonly { readonly executed: Executed }[]): Executed {
  if (ends.some(({ executed }) => executed === 'yes')) return 'yes';
  return ends.some(({ executed }) => executed === 'maybe') ? 'maybe' : 'no';
}
