import type { Call, Reply } from './call.js';

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
   * - `Canceled` on abort, the same;
   * - `ResourceExhausted`, `executed: 'no'`, for a request over the message limit;
   * - `FailedPrecondition`, `executed: 'no'`, after `close`.
   */
  unary(call: Call): Promise<Reply>;
  /** Takes no further calls and resolves when those under way have ended; then it is closed. */
  drain(): Promise<void>;
  /** Ends every call under way with `Unavailable` and frees all sockets and timers. Twice is fine. */
  close(): Promise<void>;
}
