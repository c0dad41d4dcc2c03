import type { EndpointDescriptor } from './endpoint.js';
import type { Metadata } from './metadata.js';
import type { Schema } from './schema.js';
import type { ServiceError } from './service-error.js';

/** A call as a client hands it to a transport. */
export interface Call {
  readonly endpoint: EndpointDescriptor;
  readonly value: unknown;
  /** Checked already (`checkedMetadata`). */
  readonly metadata: Metadata;
  /** When the call must have ended, in milliseconds of `Clock.now()`. What goes on the wire is the time left. */
  readonly deadline: number;
  /** Ends the call early: the peer is told, and the call rejects with `Canceled`. */
  readonly signal?: AbortSignal | undefined;
  /** The media type of the request. Default: the transport's own choice. */
  readonly contentType?: string | undefined;
}

/** The answer to a call, on either side. */
export interface Reply {
  readonly value: unknown;
  readonly metadata: Metadata;
  /** On the server: how to encode `value`. */
  readonly schema?: Schema | undefined;
}

/** Who is at the other end of a connection. */
export interface Peer {
  /** `host:port`, or what the transport has instead. */
  readonly address: string;
  /** The name of the transport that the call came over. */
  readonly transport: string;
}

/** A call as a transport hands it to the server. Nothing is decoded yet. */
export interface IncomingCall {
  /** As named by the caller; empty where the wire carries none, and the endpoint alone must do. */
  readonly service: string;
  /** As named by the caller: `Greeter.Hello`. */
  readonly endpoint: string;
  /**
   * The id of the node that the caller chose, where the wire tells it (wires between Tenon nodes do). It tells two
   * versions of one service in one process apart, and an address that now belongs to somebody else.
   */
  readonly node?: string | undefined;
  readonly metadata: Metadata;
  /** In milliseconds of `Clock.now()`; `Infinity` where the caller set none. */
  readonly deadline: number;
  readonly peer: Peer;
  /** The media type of the request's bytes. */
  readonly contentType: string;
  /**
   * Decodes the request. Called at most once, after the early interceptors. Throws `ServiceError` `InvalidArgument` on
   * malformed bytes, `executed: 'no'`.
   */
  decode(schema?: Schema): unknown;
  /** Calls `listener` once if the caller cancels or its connection ends before the reply was handed over. */
  onCancel(listener: (reason: ServiceError) => void): void;
}

/**
 * The server, as transports see it. `unary` never rejects with anything but a `ServiceError`, which the transport sends.
 * A transport that cannot encode the reply answers `Internal` with `executed: 'yes'`.
 */
export interface CallHandler {
  unary(call: IncomingCall): Promise<Reply>;
}
