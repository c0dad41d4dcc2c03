import { defaultMaxMessageBytes } from '@tenon/contract';
import { ProtocolViolation } from './protocol-violation.js';

/** What one side accepts from the other, as it stands in HELLO and WELCOME. */
export interface WireLimits {
  /** The largest request, reply or message of a stream. */
  readonly messageBytes: number;
  /** Unary calls under way at once. */
  readonly calls: number;
  /** Streams under way at once. */
  readonly streams: number;
  /** Bytes that each stream may send before it is granted more. */
  readonly window: number;
  /** Bytes that all streams of the connection may send before they are granted more. */
  readonly connectionWindow: number;
}

/** The protocol's range and default of each limit. */
export const limitRanges = Object.freeze({
  messageBytes: Object.freeze({ min: 1, max: 1_024 * 1_024 * 1_024, fallback: defaultMaxMessageBytes }),
  calls: Object.freeze({ min: 1, max: 16_384, fallback: 1_024 }),
  streams: Object.freeze({ min: 1, max: 16_384, fallback: 100 }),
  window: Object.freeze({ min: 1_024, max: 1_024 * 1_024, fallback: 64 * 1_024 }),
  connectionWindow: Object.freeze({ min: 64 * 1_024, max: 16 * 1_024 * 1_024, fallback: 1_024 * 1_024 }),
}) satisfies Readonly<Record<keyof WireLimits, { min: number; max: number; fallback: number }>>;

/** The limits that a peer told; those that it did not tell have their defaults. */
export function readLimits(told: unknown): WireLimits {
  if (told !== undefined && (typeof told !== 'object' || told === null)) {
    throw new ProtocolViolation('limits are no object');
  }
  const given: Readonly<Record<string, unknown>> = { ...told };
  return Object.freeze({
    messageBytes: limit(given, 'messageBytes'),
    calls: limit(given, 'calls'),
    streams: limit(given, 'streams'),
    window: limit(given, 'window'),
    connectionWindow: limit(given, 'connectionWindow'),
  });
}

function limit(given: Readonly<Record<string, unknown>>, name: keyof WireLimits): number {
  const { min, max, fallback } = limitRanges[name];
  const value = given[name];
  if (value === undefined) return fallback;
  // The page sets no upper bound for this one: a peer that takes more than we ever send is fine.
  const highest = name === 'messageBytes' ? Number.MAX_SAFE_INTEGER : max;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= highest) return value as number;
  throw new ProtocolViolation(`the limit ${name} is out of range`);
}
