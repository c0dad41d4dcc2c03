/**
 * How much sooner than promised a slow peer is given up, in milliseconds: noticing it, telling it and closing take time too, and
 * a thousand of them are given up in one turn. No more than a quarter of the promise.
 */
export function earlyBy(timeoutMs: number): number {
  return Math.min(500, timeoutMs / 4);
}
