import type { BuildPlan } from './build-plan.js';
import type { Cancellation } from './cancellation.js';
import type { EndpointDescriptor, EndpointKind } from './endpoint.js';
import type { Message } from './message.js';
import type { Metadata } from './metadata.js';
import type { Schema } from './schema.js';
import type { ServiceError } from './service-error.js';
import type { ServiceRecord } from './service-record.js';

/** A call as a client hands it to a transport. */
export interface Call {
  readonly endpoint: EndpointDescriptor;
  /** The request of a unary call or a server stream; undefined where the client streams. */
  readonly value: unknown;
  /** The requests of a client or bidirectional stream; absent for the other kinds. Iterated at most once. */
  readonly messages?: AsyncIterable<unknown> | undefined;
  /** Checked already (`checkedMetadata`). */
  readonly metadata: Metadata;
  /**
   * When the call must have ended, in milliseconds of `Clock.now()`; `Infinity` for a stream that may go on. What goes on
   * the wire is the time left.
   */
  readonly deadline: number;
  /** Ends the call early: the peer is told, and the call rejects with its reason. */
  readonly cancellation?: Cancellation | undefined;
  /** The media type of the request. Default: the transport's own choice. */
  readonly contentType?: string | undefined;
}

/** The answer to a call, on either side. */
export interface Reply {
  /** The reply of a unary call or a client stream; undefined where the server streams. */
  readonly value: unknown;
  /**
   * The replies of a server or bidirectional stream; absent for the other kinds. Iterated at most once; returning early
   * from the iteration ends the call.
   */
  readonly messages?: AsyncIterable<unknown> | undefined;
  /** Of a stream: what was set before its first message. */
  readonly metadata: Metadata;
  /** On the server: how to encode `value` or each of `messages`. */
  readonly schema?: Schema | undefined;
}

/** Who is at the other end of a connection. */
export interface Peer {
  /** `host:port`, or what the transport has instead. */
  readonly address: string;
  /** The name of the transport that the call came over. */
  readonly transport: string;
  /** Which of its protocols, by the name of ALPN (`http/1.1`, `h2`). Absent where the transport has one only. */
  readonly protocol?: string | undefined;
  /**
   * Who the peer has proved to be: the URI of its certificate's subject alternative name, such as
   * `spiffe://acme/greeter`. Absent without mutual TLS.
   */
  readonly identity?: string | undefined;
}

/**
 * A call as a transport hands it to the server. Nothing is decoded yet.
 *
 * It is answered by one `reply` or one `fail`; what comes after the first is ignored.
 */
export interface IncomingCall {
  /** As named by the caller; empty where the wire carries none, and the endpoint alone must do. */
  readonly service: string;
  /** As named by the caller: `Greeter.Hello`. */
  readonly endpoint: string;
  /** What the caller takes the endpoint for; undefined where the wire does not tell a unary call from a server stream. */
  readonly kind?: EndpointKind | undefined;
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
   * Decodes the request of a unary call or a server stream. Called at most once, after the early interceptors. Throws
   * `ServiceError` `InvalidArgument` on malformed bytes, `executed: 'no'`.
   *
   * A transport may hand the plan to its codec, and then return `Built`: see `CodecSession.decoder`.
   */
  decode(schema?: Schema, plan?: BuildPlan): unknown;
  /**
   * The requests of a client or bidirectional stream, decoded one by one. Iterated at most once. The iteration ends
   * where the caller ends its side, and rejects with `InvalidArgument` on malformed bytes, or with the reason where the
   * caller cancels or the call has been answered. Not reading holds the caller back; returning early tells it that nobody
   * listens any more, and the call goes on.
   */
  messages(schema?: Schema, plan?: BuildPlan): AsyncIterable<unknown>;
  /**
   * Answers the call. Where `reply.messages` is there, the transport iterates it no faster than the peer takes it, ends the
   * call with it, answers an error that it throws, and returns from it early where the peer leaves.
   *
   * A transport that cannot encode the reply answers `Internal` instead, and `ResourceExhausted` for one over the message
   * limit; both with `executed: 'yes'`. A streamed reply that comes after the caller has left is returned from.
   */
  reply(reply: Reply): void;
  /** Answers the call with an error. */
  fail(error: ServiceError): void;
}

/** A call in the hands of the server, as its transport holds it. */
export interface ServedCall {
  /**
   * Tells the server that the caller cancelled or its connection ended before the call did. The server may still answer;
   * nobody listens. Twice, or after the end, does nothing.
   */
  cancel(reason: ServiceError): void;
}

/** Who answers the calls to a service. */
export interface ServingNode {
  /** The id under which the registry knows it. */
  readonly id: string;
  readonly version: string;
}

/** The server, as transports see it. */
export interface CallHandler {
  /**
   * Serves one call: in the end, or before this returns, it is answered. Never throws.
   *
   * @param heardAt - when the call was made, or its last byte was read, in milliseconds of `Clock.now()`: a server with much to do
   * lets wait what was heard long ago. Absent: now.
   */
  handle(call: IncomingCall, heardAt?: number): ServedCall;
  /**
   * Why calls to a service (and, where it is known, to a node) are of no use here, with `executed: 'no'`; undefined where
   * they are. For wires that say once per connection whom they want.
   */
  refusal(service: string, node: string | undefined): ServiceError | undefined;
  /**
   * Which node answers calls to a service (and, where it is known, to a node), and in which version, for wires that tell the
   * caller when it connects. Absent, or undefined: the handler does not know.
   */
  nodeOf?(service: string, node: string | undefined): ServingNode | undefined;
  /** The kind of an endpoint, for wires that must know it before the call; undefined where there is none such. */
  kindOf(service: string, endpoint: string, node: string | undefined): EndpointKind | undefined;
  /**
   * Hands an event to those who subscribe to its topic here, one after the other, for wires on which events come as requests
   * (go-micro's). Resolves when all have handled it. Rejects with the first failure when all were asked, with `NotFound`,
   * `executed: 'no'`, where nobody subscribes, and with `Unavailable`, `executed: 'no'`, while the server drains. Absent: the
   * handler knows of no events.
   */
  deliver?(topic: string, message: Message): Promise<void>;
  /**
   * What is served here, as a registry is told of it, for wires on which strangers ask; its nodes have an id and no address.
   * Absent: the handler does not know.
   */
  services?(): readonly ServiceRecord[];
}
