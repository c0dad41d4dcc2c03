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
import { type Chain, chain, interceptorsAt, within } from '../interceptors/chain.js';
import { SeenCall } from '../interceptors/seen-call.js';
import { LocalConnection, LocalServices, type LocalValues, passageOf } from '../local/index.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { type AttemptParts, runAttempts } from './attempts.js';
import { CallSignal } from './call-signal.js';
import { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './client-options.js';
import { ConnectionPool } from './connection-pool.js';
import { MetadataMemory } from './metadata-memory.js';
import { type PreparedCall, prepareCall, withChanges } from './prepared-call.js';
import { Publishing } from './publishing.js';
import { ReplyMessages } from './reply-messages.js';

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
    ],
    (transports, selector, broker, codecs, validator, interceptors, clock, logger, services) => {
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
      const isLocal = services !== undefined && resolved.local !== 'off';
      const local = isLocal
        ? new LocalConnection(services, passageOf(resolved.local as LocalValues, codecs))
        : undefined;
      const parts = { selector, pool, clock, retry: resolved.retry, local };
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
    return promised(this.#call(endpoint, value, undefined, options));
  }

  /** The value alone of a unary call's reply. */
  value(endpoint: EndpointDescriptor, value: unknown, options: CallOptions = noOptions): Promise<unknown> {
    const reply = this.#call(endpoint, value, undefined, options);
    return reply instanceof Promise ? reply.then(onlyValue) : Promise.resolve(reply.value);
  }

  stream(endpoint: EndpointDescriptor, request: unknown, options: CallOptions = noOptions): Promise<Reply> {
    if (!clientStreams(endpoint.kind)) return promised(this.#call(endpoint, request, undefined, options));
    if (!isAsyncIterable(request)) return Promise.reject(located(noRequests(endpoint), endpoint));
    return promised(this.#call(endpoint, undefined, request, options));
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
      this.around === undefined ? runAttempts(call, this.parts, call.startedAt) : this.#within(this.around, call);
    const { onReply } = options;
    // Heard when the call resolves, also where it was answered at once.
    return onReply === undefined ? replied : promised(replied).then((reply) => told(reply, onReply, endpoint));
  }

  #within(around: Chain, call: PreparedCall): Reply | Promise<Reply> {
    const { clock } = this.parts;
    // Held by the interceptors and by the call that they lead to.
    const signal = new CallSignal(call, clock, 2);
    let carried: Reply | Promise<Reply> | undefined;
    let justMade = true;
    const replied = within(around, seenCall(call, signal), (left) => {
      // Asking for the time costs more than anything else here.
      const now = justMade ? call.startedAt : clock.now();
      carried = runAttempts(withChanges(call, left), this.parts, now, signal);
      return carried;
    });
    justMade = false;
    if (replied === carried) {
      // The interceptors passed on what they got: there is nothing to see to when it is there.
      signal.release();
      return replied;
    }
    return promised(replied).then(
      (reply) => {
        if (carried === undefined) signal.release();
        else if (reply.messages === undefined && call.endpoint.kind !== 'unary') abandon(carried);
        return released(reply, signal);
      },
      (thrown) => {
        signal.release();
        if (carried === undefined) signal.release();
        else abandon(carried);
        throw located(ServiceError.from(thrown), call.endpoint);
      },
    );
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

function promised(reply: Reply | Promise<Reply>): Promise<Reply> {
  return reply instanceof Promise ? reply : Promise.resolve(reply);
}

/** A call as its interceptors see it. */
function seenCall({ endpoint, value, messages, metadata, deadline }: PreparedCall, signal: CallSignal): SeenCall {
  const { service, name, kind } = endpoint;
  return new SeenCall({ side: 'client', kind, service, endpoint: name, value, messages, metadata, deadline }, signal);
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

/** The signal is of use for as long as the call lasts: of a stream, until its messages end. */
function released(reply: Reply, signal: CallSignal): Reply {
  if (reply.messages === undefined) {
    signal.release();
    return reply;
  }
  if (reply.messages instanceof ReplyMessages) {
    reply.messages.alsoRelease(signal);
    return reply;
  }
  const messages = new ReplyMessages(reply.messages[Symbol.asyncIterator](), (error) => {
    signal.release();
    return error;
  });
  return { ...reply, messages };
}

/** Nobody gets this reply, which may be still to come: where it is a stream, that ends. */
function abandon(carried: Reply | Promise<Reply>): void {
  // An error of the call is nobody's any more.
  promised(carried)
    .then(({ messages }) => leave(messages))
    .catch(() => {});
}

/** Nobody gets these replies: the stream ends, and what it has on loan is given back. */
function leave(replies: AsyncIterable<unknown> | undefined): void {
  // Whoever would have read them has an error of its own already.
  replies?.[Symbol.asyncIterator]()
    .return?.()
    .then(undefined, () => {});
}

function isAsyncIterable(request: unknown): request is AsyncIterable<unknown> {
  return typeof request === 'object' && request !== null && Symbol.asyncIterator in request;
}

function noRequests({ name }: EndpointDescriptor): ServiceError {
  const what = `${name} streams its requests: call it with an async iterable of them, such as an async generator`;
  return new ServiceError('InvalidArgument', what, { executed: 'no' });
}

/** The error with its place. It is also what tells a handler's own error from one that it passes on. */
function located(error: ServiceError, { service, name }: EndpointDescriptor): ServiceError {
  if (error.service !== undefined && error.endpoint !== undefined) return error;
  return error.with({ service: error.service ?? service, endpoint: error.endpoint ?? name });
}

const noOptions: CallOptions = Object.freeze({});
