/**
 * Why a server turned a call away before its handler, for a reason that lies in the server and not in the call.
 *
 * - `draining`: the node is leaving. Others serve the call, and nobody should choose this node again.
 * - `overloaded`: the node has more to do than it can. Another one may take the call; this one should get fewer.
 *
 * Travels with the error, which is then `executed: 'no'`.
 */
export type Refusal = 'draining' | 'overloaded';

/** Whether a value that came from outside is one of the two. */
export function isRefusal(value: unknown): value is Refusal {
  return value === 'draining' || value === 'overloaded';
}
