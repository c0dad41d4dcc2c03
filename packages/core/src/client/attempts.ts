import type { Reply } from '@tenon/contract';
import { Attempt } from './attempt.js';
import type { AttemptParts, Releasable } from './attempt-parts.js';
import { HedgedCall } from './hedged-call.js';
import type { PreparedCall } from './prepared-call.js';

/**
 * Carries one call to its end: chooses a node, calls it, and where the rule allows tries another, all within the one
 * deadline. The last error is what the caller sees, with every attempt listed in it.
 *
 * Answers at once where nothing on the way takes time, as in a call to a handler of the same app that does not wait; else
 * by a promise, the only one that is made here for a call whose node is known and connected. Rejects, and never throws.
 *
 * @param startedAt - now, in milliseconds of `Clock.now()`.
 * @param signal - of the call's interceptors: let go of when the call is over, a stream with its last message.
 */
export function runAttempts(
  call: PreparedCall,
  parts: AttemptParts,
  startedAt: number,
  signal?: Releasable,
): Reply | Promise<Reply> {
  const { breakers, clock } = parts;
  if (breakers === undefined) return carry(call, parts, startedAt, signal);
  let carried = false;
  const guarded = breakers.around(
    call.endpoint,
    () => {
      carried = true;
      return carry(call, parts, startedAt, signal);
    },
    () => clock.now(),
  );
  if (!carried) {
    signal?.release();
    // What the caller's own generator throws while it ends is not the outcome of the call.
    call.messages?.close().catch(() => {});
  }
  return guarded;
}

function carry(
  call: PreparedCall,
  parts: AttemptParts,
  startedAt: number,
  signal: Releasable | undefined,
): Reply | Promise<Reply> {
  if (call.hedgeAfterMs !== undefined) return new HedgedCall(call, parts, signal).outcome(startedAt, call.hedgeAfterMs);
  const attempt = new Attempt(call, parts, startedAt, signal);
  attempt.begin();
  return attempt.outcome();
}
