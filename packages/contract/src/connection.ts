import type { Call, Reply } from './call.js';
import type { ServiceError } from './service-error.js';

/** Who waits for the answer to a call. Told once, by one of the two; neither throws. */
export interface ReplyListener {
  /** @param at - when it arrived, in milliseconds of `Clock.now()`, where the transport knows: asking for it costs time. */
  onReply(reply: Reply, at?: number): void;
  onFailure(error: ServiceError): void;
}

/**
 * A way to one node, dialled by a {@link Transport}; it may be one socket or a pool of them.
 *
 * Calls run side by side. A caller keeps one connection per node and shares it.
 */
export interface Connection {
  /**
   * Carries one unary call. Rejects only with a `ServiceError`:
   *
   * - what the handler or the server answered, with its `executed`;
   * - `Unavailable`, `executed: 'no'`, where the call certainly never reached the peer (refused, unresolvable, peer
   *   draining, connection closed before the first byte), `'maybe'` where the connection ended during the call;
   * - `DeadlineExceeded` at the call's deadline, `'maybe'` once it was sent, else `'no'`;
   * - the reason of `call.cancellation`, with `executed` set the same way;
   * - `ResourceExhausted`, `executed: 'no'`, for a request over the message limit;
   * - `Unimplemented`, `executed: 'no'`, for a kind that is not in `Transport.kinds`;
   * - `FailedPrecondition`, `executed: 'no'`, after `close`.
   */
  unary(call: Call): Promise<Reply>;
  /**
   * Carries one stream, of any of the three kinds. Resolves with the first thing that the peer says: its first message
   * or the end of a stream that has none, and for a client stream the reply. Until then it rejects as `unary` does;
   * afterwards the same errors reject the iteration of `reply.messages`.
   *
   * A message that cannot be carried, malformed or over the limit, ends the stream with an error whose `executed` is not
   * `no` once anything was handed over. A call that is refused before it is sent does not touch `call.messages`.
   *
   * `call.messages` is iterated no faster than the peer takes it, and returned from where the call ends first. An error
   * that it throws ends the call: the peer is told, and the call rejects with `Canceled` and that error as its cause.
   */
  stream(call: Call): Promise<Reply>;
  /**
   * Carries a call of any kind as `unary` and `stream` do, answered by call-back, at once or later: for a client that makes a
   * promise of its own, which then is the only one of the call. Never throws. Absent: those two are all there is.
   *
   * @param now - in milliseconds of `Clock.now()`, from whoever has only just asked.
   */
  send?(call: Call, listener: ReplyListener, now?: number): void;
  /**
   * Asks the peer for a sign of life beside the calls under way, and tells whether one came within `timeoutMs`. Never
   * rejects; false also where the connection has ended. Asked again while it waits, it may ask once. Absent: the wire has no
   * such sign, and nobody can tell a slow peer from a dead one.
   */
  probe?(timeoutMs: number): Promise<boolean>;
  /**
   * True once it carries no further call: it broke, or the peer asked for its end. Calls under way may still finish; the
   * owner dials another for new ones, and closes this one when they have. Absent: it renews itself, as a pool does.
   */
  readonly ended?: boolean;
  /** Takes no further calls and resolves when those under way have ended; then it is closed. */
  drain(): Promise<void>;
  /** Ends every call under way with `Unavailable` and frees all sockets and timers. Twice is fine. */
  close(): Promise<void>;
}
