import type { Metadata, Schema } from '@tenon/contract';
import { appendMetadata } from '../metadata.js';

export interface EndpointOptions<Q = unknown, R = unknown> {
  /** The second part of the name on the wire. Default: the method's name; its first letter becomes capital. */
  readonly name?: string;
  /** Repeating a call changes nothing more, so a client may try again when nobody knows whether it ran. Default false. */
  readonly idempotent?: boolean;
  /** The request's class or Standard Schema. Default: the type of the method's parameter, where the compiler emits it. */
  readonly request?: Schema<Q>;
  /** The reply's class or Standard Schema; goes into the registry, and codecs that compile use it. Default: none. */
  readonly response?: Schema<R>;
  /** Goes into the registry record beside the endpoint, such as `description`. */
  readonly metadata?: Metadata;
}

/**
 * Makes a method callable: it takes one request and returns, or resolves with, the reply.
 *
 * A request that breaks the rules of its class never reaches the method. What the method throws reaches the caller: a
 * `ServiceError` as it is, anything else as `Internal` without its text.
 */
export function Endpoint<Q = never, R = unknown>(
  options: EndpointOptions<Q, R> = {},
): HandlerDecorator<(request: Q) => R | Promise<R>> {
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

/** What `@Endpoint` keeps on the class. */
export interface DeclaredEndpoint extends EndpointOptions {
  readonly method: string;
}

export const endpointsKey = Symbol.for('tenon.endpoints');
