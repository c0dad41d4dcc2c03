import {
  type Attempt,
  type Candidate,
  type Clock,
  type Connection,
  type Executed,
  type Reply,
  type Selector,
  ServiceError,
} from '@tenon/contract';
import { backoffMs } from '@tenon/contract/authoring';
import { LocalConnection, type LocalServices, type Passage } from '../local/index.js';
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
  readonly local?: { readonly services: LocalServices; readonly passage: Passage } | undefined;
}

/**
 * Carries one call to its end: chooses a node, calls it, and where the rule allows tries another, all within the one
 * deadline. The last error is what the caller sees, with every attempt listed in it.
 *
 * A call whose node is known and connected makes one promise here, and nothing else.
 */
export function runAttempts(call: PreparedCall, parts: AttemptParts): Promise<Reply> {
  return new Attempts(call, parts).run();
}

class Attempts {
  readonly #call: PreparedCall;
  readonly #parts: AttemptParts;
  #failed: Attempt[] | undefined;
  #tried: Set<string> | undefined;
  #startedAt = 0;
  /** From when on the node had the call, or was being connected to. */
  #sentAt = 0;
  #candidate: Candidate | undefined;
  #loan: Loan | undefined;
  #isLocal = false;

  constructor(call: PreparedCall, parts: AttemptParts) {
    this.#call = call;
    this.#parts = parts;
  }

  run(): Promise<Reply> {
    // The first attempt begins with the call; asking for the time costs more than anything else here.
    this.#startedAt = this.#tried === undefined ? this.#call.startedAt : this.#parts.clock.now();
    this.#sentAt = this.#startedAt;
    this.#candidate = undefined;
    return this.#attempt().then(this.#onReply, this.#onFailure);
  }

  #attempt(): Promise<Reply> {
    try {
      const candidate = this.#choose();
      return candidate instanceof Promise
        ? candidate.then((found) => this.#callNode(found))
        : this.#callNode(candidate);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** A node that was not tried yet; where every one was, any: the failure may have passed, as in a restart. */
  #choose(): Candidate | Promise<Candidate> {
    const { address, endpoint, filters } = this.#call;
    if (address !== undefined) return directCandidate(address, endpoint.service);
    if (this.#tried !== undefined) return this.#chooseAnother(this.#tried);
    const local = this.#parts.local?.services.candidate(endpoint.service, filters);
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

  #callNode(candidate: Candidate): Promise<Reply> {
    const { pool, clock, local } = this.#parts;
    this.#candidate = candidate;
    if (this.#isLocal && local !== undefined)
      return this.#send(new LocalConnection(local.services, candidate.node, local.passage));
    this.#loan = pool.acquire(candidate.node, this.#call.endpoint.service);
    const { connection } = this.#loan;
    if (!(connection instanceof Promise)) return this.#send(connection);
    const { readyBy: deadline, cancellation } = this.#call;
    return untilEnd(connection, { deadline, cancellation }, clock).then((ready) => {
      // Connecting says nothing about how fast the node answers, and would count against it for a long time.
      this.#sentAt = clock.now();
      return this.#send(ready);
    });
  }

  #send(connection: Pick<Connection, 'unary' | 'stream'>): Promise<Reply> {
    return this.#call.endpoint.kind === 'unary' ? connection.unary(this.#call) : connection.stream(this.#call);
  }

  readonly #onReply = (reply: Reply): Reply => {
    if (reply.messages === undefined) {
      this.#finish(undefined);
      this.#closeRequests();
      return reply;
    }
    this.#call.messages?.commit();
    const messages = new ReplyMessages(reply.messages[Symbol.asyncIterator](), (error) => this.#messagesEnded(error));
    return { ...reply, messages };
  };

  readonly #onFailure = async (thrown: unknown): Promise<Reply> => {
    const { clock, retry } = this.#parts;
    const candidate = this.#candidate;
    const error = ServiceError.from(thrown, { executed: candidate === undefined ? 'no' : 'maybe' });
    this.#finish(error);
    if (candidate === undefined) throw this.#ended(error);
    const attempts = this.#note(error);
    this.#tried ??= new Set();
    this.#tried.add(candidate.node.id);
    if (!this.#mayTryAgain(error, attempts)) throw this.#ended(error);
    const waitMs = attempts === 1 && error.executed === 'no' ? 0 : backoffMs(attempts, retry.backoff);
    if (clock.now() + waitMs >= this.#call.readyBy) throw this.#ended(error);
    await pause(waitMs, this.#call, clock).catch((ended: ServiceError) => {
      this.#candidate = undefined;
      throw this.#ended(ended);
    });
    return this.run();
  };

  /** A stream whose first message has come is not begun again: whatever ends it ends the call. */
  #messagesEnded(error: ServiceError | undefined): ServiceError | undefined {
    this.#finish(error);
    this.#closeRequests();
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
  #finish(error: ServiceError | undefined): void {
    const { pool, selector, clock } = this.#parts;
    if (this.#loan !== undefined) pool.release(this.#loan);
    this.#loan = undefined;
    const wasSelected = this.#candidate !== undefined && this.#call.address === undefined && !this.#isLocal;
    this.#isLocal = false;
    if (!wasSelected || this.#candidate === undefined) return;
    selector.report(this.#call.endpoint.service, this.#candidate, {
      elapsedMs: clock.now() - this.#sentAt,
      error,
    });
  }

  /** No further attempt. */
  #ended(error: ServiceError): ServiceError {
    this.#closeRequests();
    return this.#described(error);
  }

  /** The call is over: the caller's requests are not asked for any more. */
  #closeRequests(): void {
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
