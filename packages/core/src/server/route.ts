import {
  type BuildPlan,
  Built,
  clientStreams,
  type EndpointKind,
  type Intercept,
  type Priority,
  type Reply,
  type Schema,
  type ServedEndpoint,
  serverStreams,
} from '@tenon/contract';
import { type Chain, chain } from '../interceptors/chain.js';
import { SeenCall } from '../interceptors/seen-call.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { isThenable } from './is-thenable.js';
import type { CallRoute, RunningCall } from './running-call.js';

/** The way of one endpoint's calls, put together once: decode → validate → interceptors → handler. */
export class Route implements CallRoute {
  readonly endpoint: string;
  readonly service: string;
  readonly kind: EndpointKind;
  readonly priority: Priority | undefined;
  readonly #handle: (request: unknown) => unknown;
  readonly #request: Schema | undefined;
  readonly #response: Schema | undefined;
  readonly #around: Chain | undefined;
  readonly #validate: ((value: unknown) => unknown) | undefined;
  readonly #plan: BuildPlan | undefined;

  constructor(
    readonly node: string,
    served: ServedEndpoint,
    schemas: CompiledSchemas,
    bound: readonly Intercept[],
  ) {
    const { descriptor } = served;
    this.service = descriptor.service;
    this.endpoint = descriptor.name;
    this.kind = descriptor.kind;
    this.priority = descriptor.policy?.priority;
    this.#handle = served.handle;
    this.#request = descriptor.request;
    this.#response = descriptor.response;
    this.#around = chain([...bound, ...served.interceptors]);
    const compiled = schemas.of(descriptor.request);
    this.#validate = compiled?.validate;
    this.#plan = compiled?.plan;
  }

  /**
   * Serves one call. Answers at once where nothing on the way takes time, else by a promise.
   *
   * @param seen - the call as the early interceptors handed it on, where there are any.
   */
  serve(call: RunningCall, seen: SeenCall | undefined): Reply | Promise<Reply> {
    if (clientStreams(this.kind)) {
      const messages = call.requests(this.#request, this.#validate, this.#plan);
      return this.#intercepted(call, seen, undefined, messages);
    }
    const value = call.incoming.decode(this.#request, this.#plan);
    if (value instanceof Built) return this.#intercepted(call, seen, value.value, undefined);
    if (this.#validate === undefined) return this.#intercepted(call, seen, value, undefined);
    const request = this.#validate(value);
    if (!(request instanceof Promise)) return this.#intercepted(call, seen, request, undefined);
    return request.then((checked) => this.#intercepted(call, seen, checked, undefined));
  }

  #intercepted(
    call: RunningCall,
    seen: SeenCall | undefined,
    value: unknown,
    messages: AsyncIterable<unknown> | undefined,
  ): Reply | Promise<Reply> {
    if (this.#around === undefined) return this.handle(call, messages ?? value);
    const inner = seen?.with(value, messages) ?? seenCall(call, this.kind, value, messages);
    return this.#around.around(inner, call);
  }

  /** Runs the handler, behind everything else. */
  handle(call: RunningCall, request: unknown): Reply | Promise<Reply> {
    call.begin();
    const handle = this.#handle;
    const result = handle(request);
    if (serverStreams(this.kind)) return this.#streamed(call, result);
    if (!isThenable(result)) return this.#reply(call, result);
    // Handlers may return what other libraries take for a promise; of a promise of ours this makes nothing new.
    return Promise.resolve(result).then((value) => this.#reply(call, value));
  }

  #reply(call: RunningCall, value: unknown): Reply {
    return { value, metadata: call.context.replyMetadata, schema: this.#response };
  }

  #streamed(call: RunningCall, result: unknown): Promise<Reply> {
    if (isThenable(result)) return Promise.resolve(result).then((messages) => this.#replies(call, messages));
    return this.#replies(call, result);
  }

  #replies(call: RunningCall, messages: unknown): Promise<Reply> {
    if (isAsyncIterable(messages)) return call.replies(messages[Symbol.asyncIterator](), this.#response);
    throw new TypeError(
      `${this.endpoint} is declared as a stream of replies and returned none: write it as async *method(), or return an async iterable`,
    );
  }
}

/** A call on the server as its interceptors see it. */
export function seenCall(
  { context }: Pick<RunningCall, 'context'>,
  kind: EndpointKind | 'event',
  value: unknown,
  messages: AsyncIterable<unknown> | undefined,
): SeenCall {
  const { service, endpoint, metadata, deadline, peer } = context;
  return new SeenCall({ side: 'server', kind, service, endpoint, value, messages, metadata, deadline, peer }, context);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
