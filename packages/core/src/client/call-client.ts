import {
  all,
  Broker,
  type CallOptions,
  Client,
  Clock,
  Codec,
  checkedMetadata,
  type EndpointDescriptor,
  type InterceptedCall,
  Interceptor,
  Logger,
  optional,
  type Provider,
  type PublishOptions,
  provide,
  type Reply,
  type Schema,
  Selector,
  ServiceError,
  Transport,
  Validator,
} from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { type Chain, chain, interceptorsAt } from '../interceptors/chain.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { type AttemptParts, runAttempts } from './attempts.js';
import { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './client-options.js';
import { ConnectionPool } from './connection-pool.js';
import { interceptedCall } from './intercepted-call.js';
import { type PreparedCall, prepareCall } from './prepared-call.js';
import { Publishing } from './publishing.js';

/** The default client: selector, connections, deadline, retry and interceptors around the bound transports and broker. */
export function callClient(options: ClientOptions = {}): Provider<Client> {
  const resolved = resolveClientOptions(options);
  return provide(
    Client,
    [all(Transport), Selector, optional(Broker), all(Codec), optional(Validator), all(Interceptor), Clock, Logger],
    (transports, selector, broker, codecs, validator, interceptors, clock, logger) => {
      const around = chain(interceptorsAt('client', interceptors));
      const pool = new ConnectionPool(transports, clock, logger, resolved.idleConnectionMs);
      const publishing = new Publishing(
        broker,
        new CodecSet(codecs),
        new CompiledSchemas(validator),
        around,
        clock,
        resolved,
      );
      return new CallClient({ selector, pool, clock, retry: resolved.retry }, publishing, around, resolved);
    },
  );
}

class CallClient implements Client {
  constructor(
    private readonly parts: AttemptParts,
    private readonly publishing: Publishing,
    private readonly around: Chain | undefined,
    private readonly options: ResolvedClientOptions,
  ) {}

  async unary(endpoint: EndpointDescriptor, value: unknown, options: CallOptions = {}): Promise<Reply> {
    let prepared: PreparedCall | undefined;
    try {
      prepared = prepareCall(endpoint, value, options, this.options, this.parts.clock);
      const { around } = this;
      const reply = await (around === undefined
        ? runAttempts(prepared, this.parts)
        : this.#intercepted(prepared, around));
      options.onReply?.(reply.metadata);
      return reply;
    } catch (thrown) {
      throw located(ServiceError.from(thrown), endpoint);
    } finally {
      prepared?.release();
    }
  }

  publish(topic: string, value: unknown, options: PublishOptions & { readonly schema?: Schema } = {}): Promise<void> {
    return this.publishing.publish(topic, value, options);
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled([this.parts.pool.close(), this.parts.selector.close()]);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  async #intercepted(prepared: PreparedCall, around: Chain): Promise<Reply> {
    const { call, release } = interceptedCall(prepared.call, this.parts.clock);
    try {
      return await around(call, (changed) => runAttempts(withChanges(prepared, changed), this.parts));
    } finally {
      release();
    }
  }
}

/** The error with its place. It is also what tells a handler's own error from one that it passes on. */
function located(error: ServiceError, { service, name }: EndpointDescriptor): ServiceError {
  if (error.service !== undefined && error.endpoint !== undefined) return error;
  return error.with({ service: error.service ?? service, endpoint: error.endpoint ?? name });
}

/** What interceptors may change about a call is its value, its metadata, and a deadline made earlier. */
function withChanges(prepared: PreparedCall, { value, metadata, deadline }: InterceptedCall): PreparedCall {
  const { call } = prepared;
  const sent = metadata === call.metadata ? metadata : checkedMetadata(metadata);
  return { ...prepared, call: { ...call, value, metadata: sent, deadline: Math.min(deadline, call.deadline) } };
}
