import type { CallPolicy, EndpointKind, Metadata, Schema } from '@tenon/contract';
import { appendMetadata } from '../metadata.js';

/** Who streams. */
export type StreamKind = Exclude<EndpointKind, 'unary'>;

export interface EndpointOptions<Q = unknown, R = unknown> {
  /** The second part of the name on the wire. Default: the method's name; its first letter becomes capital. */
  readonly name?: string;
  /**
   * Who streams: `server` many replies to one request, `client` one reply to many requests, `bidi` many to many. Default:
   * nobody, one request and one reply.
   */
  readonly stream?: StreamKind;
  /** Repeating a call changes nothing more, so a client may try again when nobody knows whether it ran. Default false. */
  readonly idempotent?: boolean;
  /**
   * How clients that know this class call the endpoint unless a call says otherwise: its time, how often it is tried, when a
   * second node is asked beside the first, whether it waits for nodes, how important it is. What is out of range is an error at
   * start. Default: what the client's own options say.
   */
  readonly policy?: CallPolicy;
  /**
   * The class or Standard Schema of the request, or of each. Default: the type of the method's parameter, where the
   * compiler emits it; it cannot where the client streams.
   */
  readonly request?: Schema<Q>;
  /** The class or Standard Schema of the reply, or of each; goes into the registry, and codecs that compile use it. Default: none. */
  readonly response?: Schema<R>;
  /** Goes into the registry record beside the endpoint, such as `description`. */
  readonly metadata?: Metadata;
}

/** Options of an endpoint of which one side streams. */
export type StreamOptions<K extends StreamKind, Q, R> = EndpointOptions<Q, R> & { readonly stream: K };

/** Options of an endpoint whose caller streams: nothing else can tell the class of its requests. */
export type RequestStreamOptions<K extends 'client' | 'bidi', Q, R> = StreamOptions<K, Q, R> & {
  readonly request: Schema<Q>;
};

/**
 * Makes a method callable: it takes one request and returns, or resolves with, the reply; with `stream`, it takes or
 * returns an async iterable instead.
 *
 * A request that breaks the rules of its class never reaches the method; where the client streams, the iteration rejects
 * at that request. What the method throws reaches the caller: a `ServiceError` as it is, anything else as `Internal`
 * without its text. A stream of replies is asked for the next one only when the caller is ready for it, and is returned
 * from (its `finally` runs) where the caller leaves, cancels or is too late.
 *
 * @example
 * @Endpoint({ stream: 'server', response: Tick })
 * async *count(request: CountRequest): AsyncIterable<Tick> { … }
 */
export function Endpoint<Q = never, R = unknown>(
  options: StreamOptions<'server', Q, R>,
): HandlerDecorator<(request: Q) => AsyncIterable<R> | Promise<AsyncIterable<R>>>;
export function Endpoint<Q, R = unknown>(
  options: RequestStreamOptions<'client', Q, R>,
): HandlerDecorator<(requests: AsyncIterable<Q>) => R | Promise<R>>;
export function Endpoint<Q, R = unknown>(
  options: RequestStreamOptions<'bidi', Q, R>,
): HandlerDecorator<(requests: AsyncIterable<Q>) => AsyncIterable<R> | Promise<AsyncIterable<R>>>;
export function Endpoint<Q = never, R = unknown>(
  options?: EndpointOptions<Q, R> & { readonly stream?: never },
): UnaryDecorator<(request: Q) => R | Promise<R>>;
export function Endpoint(options: EndpointOptions = {}): HandlerDecorator<(request: never) => unknown> {
  return (prototype, method) => {
    const declared = { ...options, method: String(method) } as DeclaredEndpoint;
    appendMetadata(endpointsKey, declared, prototype.constructor);
  };
}

/**
 * A decorator of methods of one type: a method that takes or returns something else than its decorator says is a compile
 * error.
 */
export type HandlerDecorator<Handler> = <M extends Handler>(
  prototype: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** The same for methods that stream nothing: one that does wants `stream` in its decorator. */
export type UnaryDecorator<Handler extends (...parameters: never[]) => unknown> = <M extends Handler>(
  prototype: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & (Streams<M> extends true ? { readonly stream: StreamKind } : unknown),
) => void;

type Streams<M> = M extends (...parameters: never[]) => infer R
  ? 0 extends 1 & R
    ? false
    : [Awaited<R>] extends [never]
      ? false
      : Awaited<R> extends AsyncIterable<unknown>
        ? true
        : false
  : false;

/** What `@Endpoint` keeps on the class. */
export interface DeclaredEndpoint extends EndpointOptions {
  readonly method: string;
}

export const endpointsKey = Symbol.for('tenon.endpoints');
