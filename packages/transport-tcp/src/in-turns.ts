/**
 * Does something for each of a list, so many at once and the others in the next turns of the event loop: what ends a thousand calls of
 * one connection is not to keep the calls of others waiting.
 */
export function inTurns<T>(all: readonly T[], act: (one: T) => void, from = 0): void {
  const end = Math.min(all.length, from + atOnce);
  for (let index = from; index < end; index += 1) act(all[index] as T);
  if (end < all.length) setImmediate(() => inTurns(all, act, end));
}

/** Ending a call takes from five microseconds to thirty. */
const atOnce = 64;
