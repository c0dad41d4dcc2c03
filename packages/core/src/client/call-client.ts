import {
  all,
  Broker,
  type CallOptions,
  Client,
  Clock,
  Codec,
  clientStreams,
  type EndpointDescriptor,
  Interceptor,
  Logger,
  type Metadata,
  Meter,
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
import { CodecSet, silentMeter } from '@tenon/contract/authoring';
import { type Chain, chain, interceptorsAt } from '../interceptors/chain.js';
import { LocalConnection, LocalServices, type LocalValues, passageOf } from '../local/index.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { telemetryOf } from '../telemetry/index.js';
import type { AttemptParts } from './attempt-parts.js';
import { runAttempts } from './attempts.js';
import { Breakers } from './breakers.js';
import { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './client-options.js';
import { ConnectionPool } from './connection-pool.js';
import { orFallback } from './fallback.js';
import { attemptsWithin } from './intercepted-attempts.js';
import { located } from './located.js';
import { MetadataMemory } from './metadata-memory.js';
import { type PreparedCall, prepareCall } from './prepared-call.js';
import { Publishing } from './publishing.js';
import { Repetition } from './repetition.js';
import { leave } from './reply-messages.js';
import { SignsOfLife } from './signs-of-life.js';

/** The default client: selector, connections, deadline, retry and interceptors around the bound transports and broker. */
export function callClient(options: ClientOptions = {}): Provider<Client> {
  const resolved = resolveClientOptions(options);
  return provide(
    Client,
    [
      all(Transport),
      Selector,
      optional(Broker),
      all(Codec),
      optional(Validator),
      all(Interceptor),
      Clock,
      Logger,
      optional(LocalServices),
      optional(Meter),
    ],
    (transports, selector, broker, codecs, validator, interceptors, clock, logger, services, meter) => {
      const around = chain(interceptorsAt('client', interceptors));
      const telemetry = telemetryOf(meter ?? silentMeter());
      const { silence, breaker, retry, connectPatienceMs } = resolved;
      const signs = silence === undefined ? undefined : new SignsOfLife(silence, clock, telemetry, logger);
      const pool = new ConnectionPool(transports, clock, logger, resolved.idleConnectionMs, signs);
      const publishing = new Publishing(
        broker,
        new CodecSet(codecs),
        new CompiledSchemas(validator),
        around,
        clock,
        resolved,
      );
      const isLocal = services !== undefined && resolved.local !== 'off';
      const local = isLocal
        ? new LocalConnection(services, passageOf(resolved.local as LocalValues, codecs))
        : undefined;
      const repetition = new Repetition(retry, clock, telemetry, logger);
      const breakers = breaker === undefined ? undefined : new Breakers(breaker, telemetry, logger);
      const parts = { selector, pool, clock, logger, telemetry, repetition, connectPatienceMs, breakers, local };
      return new CallClient(parts, publishing, around, resolved);
    },
  );
}

class CallClient implements Client {
  readonly #metadata = new MetadataMemory();

  constructor(
    private readonly parts: AttemptParts,
    private readonly publishing: Publishing,
    private readonly around: Chain | undefined,
    private readonly options: ResolvedClientOptions,
  ) {}

  unary(endpoint: EndpointDescriptor, value: unknown, options: CallOptions = noOptions): Promise<Reply> {
    return Promise.resolve(this.#call(endpoint, value, undefined, options));
  }

  /** The value alone of a unary call's reply. */
  value(endpoint: EndpointDescriptor, value: unknown, options: CallOptions = noOptions): Promise<unknown> {
    const reply = this.#call(endpoint, value, undefined, options);
    return reply instanceof Promise ? reply.then(onlyValue) : Promise.resolve(reply.value);
  }

  stream(endpoint: EndpointDescriptor, request: unknown, options: CallOptions = noOptions): Promise<Reply> {
    if (!clientStreams(endpoint.kind)) return Promise.resolve(this.#call(endpoint, request, undefined, options));
    if (!isAsyncIterable(request)) return Promise.reject(located(noRequests(endpoint), endpoint));
    return Promise.resolve(this.#call(endpoint, undefined, request, options));
  }

  publish(topic: string, value: unknown, options: PublishOptions & { readonly schema?: Schema } = {}): Promise<void> {
    return this.publishing.publish(topic, value, options);
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled([this.parts.pool.close(), this.parts.selector.close()]);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  /** Answers at once where nothing on the way takes time, else by a promise. Rejects, and never throws. */
  #call(
    endpoint: EndpointDescriptor,
    value: unknown,
    messages: AsyncIterable<unknown> | undefined,
    options: CallOptions,
  ): Reply | Promise<Reply> {
    const { clock } = this.parts;
    let call: PreparedCall;
    try {
      call = prepareCall(endpoint, value, messages, options, this.options, clock, this.#metadata.check);
    } catch (thrown) {
      return Promise.reject(located(ServiceError.from(thrown), endpoint));
    }
    const replied =
      this.around === undefined
        ? runAttempts(call, this.parts, call.startedAt)
        : attemptsWithin(this.around, call, this.parts);
    const { onReply, fallback } = options;
    if (onReply === undefined && fallback === undefined) return replied;
    // Heard when the call resolves, also where it was answered at once.
    const heard = (reply: Reply): Reply => (onReply === undefined ? reply : told(reply, onReply, endpoint));
    const settled = Promise.resolve(replied);
    if (fallback === undefined || endpoint.kind !== 'unary') return settled.then(heard);
    return settled.then(heard, (thrown: unknown) => orFallback(ServiceError.from(thrown), fallback, call, this.parts));
  }
}

/**
 * Calls an endpoint as `client.unary` does, for the reply's value alone. Of the default client's own calls this spares a
 * promise; where `unary` is something else, as of a client that wraps another, it is what is called.
 */
export function replyValue(
  client: Client,
  endpoint: EndpointDescriptor,
  value: unknown,
  options?: CallOptions,
): Promise<unknown> {
  return client.unary === CallClient.prototype.unary
    ? (client as CallClient).value(endpoint, value, options)
    : client.unary(endpoint, value, options).then(onlyValue);
}

function onlyValue(reply: Reply): unknown {
  return reply.value;
}

/** The caller hears the reply's metadata first; where it throws, the call is over. */
function told(reply: Reply, onReply: (metadata: Metadata) => void, endpoint: EndpointDescriptor): Reply {
  try {
    onReply(reply.metadata);
    return reply;
  } catch (thrown) {
    leave(reply.messages);
    throw located(ServiceError.from(thrown), endpoint);
  }
}

function isAsyncIterable(request: unknown): request is AsyncIterable<unknown> {
  return typeof request === 'object' && request !== null && Symbol.asyncIterator in request;
}

function noRequests({ name }: EndpointDescriptor): ServiceError {
  const what = `${name} streams its requests: call it with an async iterable of them, such as an async generator`;
  return new ServiceError('InvalidArgument', what, { executed: 'no' });
}

const noOptions: CallOptions = Object.freeze({});
