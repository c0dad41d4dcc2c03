import {
  type CallHandler,
  type IncomingCall,
  noMetadata,
  type Reply,
  type Schema,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';
import { deferred } from './deferred.js';

/** What tests say of a call; the rest is usual. */
export type ArrivingCallInit = Partial<
  Pick<IncomingCall, 'service' | 'endpoint' | 'kind' | 'metadata' | 'deadline' | 'node'>
> & { readonly read?: () => unknown; readonly requests?: AsyncIterable<unknown> };

/** A call as a transport would bring it, whose answer can be awaited and whose caller can be made to leave. */
export class ArrivingCall implements IncomingCall {
  readonly service: string = 'greeter';
  readonly endpoint: string = 'Greeter.Hello';
  readonly kind: IncomingCall['kind'] = undefined;
  readonly metadata: IncomingCall['metadata'] = noMetadata;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  readonly peer = Object.freeze({ address: '127.0.0.1:5', transport: 'scripted' });
  readonly contentType = 'application/json';
  readonly node: string | undefined = undefined;
  /** The schema of each decoding, in order. */
  readonly decoded: (Schema | undefined)[] = [];
  /** What decoding yields, or throws. */
  readonly read: () => unknown = () => ({ name: 'Ada' });
  /** What a caller that streams sends. */
  readonly requests: AsyncIterable<unknown> = nothing();
  /** Settles with the first answer. */
  readonly outcome: Promise<Reply>;
  /** How often it was answered: a transport takes the first and ignores the rest. */
  answers = 0;
  readonly #outcome = deferred<Reply>();
  #served: ServedCall | undefined;

  constructor(init: ArrivingCallInit = {}) {
    Object.assign(this, init);
    this.outcome = this.#outcome.promise;
    // Not every test looks at how its call ends.
    this.outcome.catch(() => {});
  }

  decode(schema?: Schema): unknown {
    this.decoded.push(schema);
    return this.read();
  }

  messages(schema?: Schema): AsyncIterable<unknown> {
    this.decoded.push(schema);
    return this.requests;
  }

  reply(reply: Reply): void {
    this.answers += 1;
    this.#outcome.resolve(reply);
  }

  fail(error: ServiceError): void {
    this.answers += 1;
    this.#outcome.reject(error);
  }

  /** Hands it to a server, as its transport does, and resolves with the answer. */
  serveBy(handler: CallHandler): Promise<Reply> {
    this.#served = handler.handle(this);
    return this.outcome;
  }

  /** Its caller leaves. */
  cancel(reason = new ServiceError('Canceled', 'the caller left')): void {
    if (this.#served === undefined) throw new Error('nobody serves this call yet');
    this.#served.cancel(reason);
  }
}

/** Hands a call to a server, as its transport does, and resolves with the answer. */
export function serve(handler: CallHandler, call = new ArrivingCall()): Promise<Reply> {
  return call.serveBy(handler);
}

async function* nothing(): AsyncGenerator<never> {}
