import {
  type IncomingCall,
  type Intercept,
  type InterceptedCall,
  type Reply,
  type ServedEndpoint,
} from '@tenon/contract';
import type { CallContext } from '../context/index.js';
import { type Chain, chain } from '../interceptors/chain.js';
import type { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { interceptedCall } from './intercepted-call.js';

/** The way of one endpoint's calls, put together once: decode → validate → interceptors → handler. */
export class Route {
  readonly endpoint: string;
  readonly service: string;
  readonly #served: ServedEndpoint;
  readonly #around: Chain | undefined;
  readonly #validate: ((value: unknown) => unknown) | undefined;

  constructor(
    readonly node: string,
    served: ServedEndpoint,
    schemas: CompiledSchemas,
    bound: readonly Intercept[],
  ) {
    this.service = served.descriptor.service;
    this.endpoint = served.descriptor.name;
    this.#served = served;
    this.#around = chain([...bound, ...served.interceptors]);
    this.#validate = schemas.of(served.descriptor.request)?.validate;
  }

  /**
   * Serves one call.
   *
   * @param changed - the call as the early interceptors changed it, where they did.
   * @param started - called right before the handler, the moment from which the call counts as executed.
   */
  async serve(
    incoming: IncomingCall,
    context: CallContext,
    changed: InterceptedCall | undefined,
    started: () => void,
  ): Promise<Reply> {
    const value = incoming.decode(this.#served.descriptor.request);
    const request = this.#validate === undefined ? value : await this.#validate(value);
    if (this.#around === undefined) return this.#handle(request, context, started);
    const call = changed === undefined ? interceptedCall(context, 'unary', request) : { ...changed, value: request };
    return this.#around(call, (left) => this.#handle(left.value, context, started));
  }

  async #handle(request: unknown, context: CallContext, started: () => void): Promise<Reply> {
    if (context.canceled !== undefined) throw context.canceled;
    started();
    const value = await this.#served.handle(request);
    return { value, metadata: context.replyMetadata, schema: this.#served.descriptor.response };
  }
}
