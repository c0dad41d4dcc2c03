/**
 * Whether the handler of a failed call ran.
 *
 * - `no`: it certainly did not. The call never left, or was refused before the handler. Only this is safe to repeat
 *   blindly, on this node or another.
 * - `maybe`: nobody can tell, because the connection broke or the time ran out while the call was under way. Safe to
 *   repeat only if the endpoint is idempotent.
 * - `yes`: it ran, and failed or its reply was lost.
 *
 * Whoever makes a `ServiceError` states it; where nothing is stated it is `maybe`, the value that promises least.
 */
export type Executed = 'no' | 'maybe' | 'yes';

/** Whether a value that came from outside is one of the three. */
export function isExecuted(value: unknown): value is Executed {
  return value === 'no' || value === 'maybe' || value === 'yes';
}
