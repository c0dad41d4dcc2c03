import type { Peer, Reply } from './call.js';
import type { EndpointKind } from './endpoint.js';
import type { Metadata } from './metadata.js';

/**
 * A call or an event on its way through interceptors. Read-only: to change something, hand a changed copy to `next`.
 */
export interface InterceptedCall {
  readonly side: 'client' | 'server';
  readonly kind: EndpointKind | 'event';
  readonly service: string;
  /** `Greeter.Hello`; for an event its topic. */
  readonly endpoint: string;
  /** The request or the event; undefined in the early phase, where nothing is decoded yet. */
  readonly value: unknown;
  /**
   * The requests of a client or bidirectional stream, to be handed on as they are or wrapped; on the server after
   * validation. Absent for the other kinds, and in the early phase.
   */
  readonly messages?: AsyncIterable<unknown> | undefined;
  readonly metadata: Metadata;
  /** In milliseconds of `Clock.now()`; `Infinity` for an event. */
  readonly deadline: number;
  /**
   * Aborted when the caller cancels or the deadline passes. Made at the first look at it. A changed copy made by
   * spreading lacks it until it was handed to `next`.
   */
  readonly signal: AbortSignal;
  /** Who called; undefined on the client side. */
  readonly peer?: Peer | undefined;
}

/**
 * Goes on to the next interceptor, and in the end to the handler or the wire. Call it once, or not at all.
 *
 * Of a server or bidirectional stream it resolves with the first message or the end; the messages are in the reply's
 * `messages`, which may be wrapped too. An interceptor that answers a stream itself gives `messages`; without them the
 * caller gets a stream that is empty on the calling side, and `Internal` on the server, which has broken its word.
 */
export type Next = (call: InterceptedCall) => Promise<Reply>;

/**
 * Where an interceptor runs. `client`: around the whole call, all its attempts, or around publishing. `early`: on the
 * server before anything is decoded, and it sees every outcome, refused calls too. `server`: on the server after
 * validation, around the handler.
 */
export type InterceptorPlace = 'client' | 'early' | 'server';

/** An interceptor as a plain function, for `@Use` and for one place. Pass `next(call)` on where nothing follows it. */
export type Intercept = (call: InterceptedCall, next: Next) => Promise<Reply>;

/**
 * Something that happens around calls and events: logging, tracing, authorization, limits.
 *
 * The first one bound is the outermost. An interceptor that throws fails that call only.
 *
 * @example
 * provide(Interceptor, [Logger], (logger): Interceptor => ({
 *   name: 'log', places: ['server'],
 *   async intercept(call, next) {
 *     logger.info('called', { endpoint: call.endpoint });
 *     return next(call);
 *   },
 * }));
 */
export abstract class Interceptor {
  /** Interceptors are bound side by side; this property tells them apart. */
  static readonly keyedBy = 'name';

  abstract readonly name: string;
  abstract readonly places: readonly InterceptorPlace[];
  abstract intercept(call: InterceptedCall, next: Next): Promise<Reply>;
}
