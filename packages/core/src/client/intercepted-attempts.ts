import { type Reply, ServiceError } from '@tenon/contract';
import type { Chain, Target } from '../interceptors/chain.js';
import { SeenCall, type SignalSource } from '../interceptors/seen-call.js';
import type { AttemptParts } from './attempt-parts.js';
import { runAttempts } from './attempts.js';
import { CallSignal } from './call-signal.js';
import { located } from './located.js';
import { type PreparedCall, withChanges } from './prepared-call.js';
import { leave, ReplyMessages } from './reply-messages.js';

/** Carries one call to its end as `runAttempts` does, with the client's interceptors around all its attempts. */
export function attemptsWithin(around: Chain, call: PreparedCall, parts: AttemptParts): Reply | Promise<Reply> {
  const attempts = new InterceptedAttempts(call, parts);
  return attempts.ended(around.around(attempts.seen(), attempts));
}

/** What the interceptors lead to. It has the call's signal, which is held by them and by the call that they lead to. */
class InterceptedAttempts implements Target, SignalSource {
  readonly #call: PreparedCall;
  readonly #parts: AttemptParts;
  #carried: Reply | Promise<Reply> | undefined;
  /** Whether the interceptors run for the first time, and none of them has waited for anything. */
  #justMade = true;
  #signal: CallSignal | undefined;
  #holders = 2;

  constructor(call: PreparedCall, parts: AttemptParts) {
    this.#call = call;
    this.#parts = parts;
  }

  seen(): SeenCall {
    const { endpoint, value, messages, metadata, deadline } = this.#call;
    const { service, name, kind } = endpoint;
    return new SeenCall({ side: 'client', kind, service, endpoint: name, value, messages, metadata, deadline }, this);
  }

  get signal(): AbortSignal {
    this.#signal ??= new CallSignal(this.#call, this.#parts.clock, this.#holders);
    return this.#signal.signal;
  }

  release(): void {
    this.#holders -= 1;
    this.#signal?.release();
  }

  reach(left: SeenCall): Reply | Promise<Reply> {
    // Asking for the time costs more than anything else here.
    const now = this.#justMade ? this.#call.startedAt : this.#parts.clock.now();
    this.#carried = runAttempts(withChanges(this.#call, left), this.#parts, now, this);
    return this.#carried;
  }

  /** What the call comes to, for what the interceptors have answered. */
  ended(replied: Reply | Promise<Reply>): Reply | Promise<Reply> {
    this.#justMade = false;
    if (replied === this.#carried) {
      // They passed on what they got: there is nothing to see to when it is there.
      this.release();
      return replied;
    }
    return Promise.resolve(replied).then(
      (reply) => this.#answered(reply),
      (thrown: unknown) => this.#failed(thrown),
    );
  }

  #answered(reply: Reply): Reply {
    if (this.#carried === undefined) this.release();
    else if (reply.messages === undefined && this.#call.endpoint.kind !== 'unary') abandon(this.#carried);
    return this.#releasedWith(reply);
  }

  #failed(thrown: unknown): never {
    this.release();
    if (this.#carried === undefined) this.release();
    else abandon(this.#carried);
    const error = ServiceError.from(thrown);
    const { endpoint } = this.#call;
    if (error.code === 'Internal' && error !== thrown)
      this.#parts.logger.error('an interceptor failed', {
        service: endpoint.service,
        endpoint: endpoint.name,
        error: thrown,
      });
    throw located(error, endpoint);
  }

  /** The signal is of use for as long as the call lasts: of a stream, until its messages end. */
  #releasedWith(reply: Reply): Reply {
    if (reply.messages === undefined) {
      this.release();
      return reply;
    }
    if (reply.messages instanceof ReplyMessages) {
      reply.messages.alsoRelease(this);
      return reply;
    }
    const messages = new ReplyMessages(reply.messages[Symbol.asyncIterator](), (error) => {
      this.release();
      return error;
    });
    return { ...reply, messages };
  }
}

/** Nobody gets this reply, which may be still to come: where it is a stream, that ends. */
function abandon(carried: Reply | Promise<Reply>): void {
  // An error of the call is nobody's any more.
  Promise.resolve(carried)
    .then(({ messages }) => leave(messages))
    .catch(() => {});
}
