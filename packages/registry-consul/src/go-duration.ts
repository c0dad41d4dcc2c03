/**
 * A time as Go writes its `Duration`, which is what Consul reads: `1m30s`, `1h0m0s`, `1.5s`, `250ms`.
 *
 * @param ms - whole milliseconds, 0 and more.
 */
export function goDuration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${ms}ms`;
  const seconds = `${(ms % 60_000) / 1_000}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
