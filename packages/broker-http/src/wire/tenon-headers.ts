import type { IncomingHttpHeaders } from 'node:http';

/**
 * What a request of Tenon says beside go-micro's envelope, in its own headers: go-micro would hand anything in the envelope to its
 * handlers. Only subscriptions whose record says that they are Tenon's get them.
 */
export const requestHeaders = Object.freeze({
  /** When the message was published, in milliseconds since 1970. */
  time: 'tenon-time',
  /** At least once: how often the message has been handed out, with this time. Its presence asks to be answered when it was handled. */
  attempt: 'tenon-attempt',
  /** At most once: who posts, and the number of the message there: a number that is not higher than the last is a repetition. */
  lane: 'tenon-lane',
  sequence: 'tenon-sequence',
});

/** On an answer 503 at least once: its handler rejected, and the message may come again after so many milliseconds. */
export const retryHeader = 'tenon-retry-ms';

/** A whole number that came from outside; undefined where it is none in the range. */
export function numberHeader(
  headers: IncomingHttpHeaders,
  name: string,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = headers[name];
  if (typeof value !== 'string' || !/^\d{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return number <= max ? number : undefined;
}
