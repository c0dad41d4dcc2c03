import type { Sink } from '@tenon/contract';
import { uint32 } from './big-endian.js';
import { reserve } from './reserve.js';

/** The one extension of the MessagePack specification itself, −1 as an unsigned byte. */
export const timestampType = 0xff;

/** Writes a valid date as the shortest of the three timestamps of the specification that holds it. */
export function writeTimestamp(sink: Sink, epochMs: number, position: number): number {
  const seconds = Math.floor(epochMs / 1_000);
  const nanoseconds = (epochMs - seconds * 1_000) * 1_000_000;
  if (seconds >= 0 && seconds < 2 ** 34) {
    return nanoseconds === 0 && seconds < 2 ** 32
      ? writeTimestamp32(sink, seconds, position)
      : writeTimestamp64(sink, seconds, nanoseconds, position);
  }
  return writeTimestamp96(sink, seconds, nanoseconds, position);
}

/**
 * Whether the timestamp of `length` bytes at `position` is one that a `Date` can hold. Beyond that msgpackr would not
 * fail, but give some other date.
 */
export function isTimestamp(buffer: Uint8Array, position: number, length: number): boolean {
  if (length === 4) return true;
  if (length === 8) return uint32(buffer, position) >>> 2 <= maxNanoseconds;
  if (length !== 12 || uint32(buffer, position) > maxNanoseconds) return false;
  const seconds = (uint32(buffer, position + 4) | 0) * 2 ** 32 + uint32(buffer, position + 8);
  return seconds >= -maxSeconds && (seconds < maxSeconds || (seconds === maxSeconds && uint32(buffer, position) === 0));
}

function writeTimestamp32(sink: Sink, seconds: number, position: number): number {
  const buffer = reserve(sink, position, 6);
  buffer[position] = 0xd6;
  buffer[position + 1] = timestampType;
  return buffer.writeUInt32BE(seconds, position + 2);
}

/** Thirty bits of nanoseconds and 34 of seconds. */
function writeTimestamp64(sink: Sink, seconds: number, nanoseconds: number, position: number): number {
  const buffer = reserve(sink, position, 10);
  buffer[position] = 0xd7;
  buffer[position + 1] = timestampType;
  buffer.writeUInt32BE(nanoseconds * 4 + Math.floor(seconds / 2 ** 32), position + 2);
  return buffer.writeUInt32BE(seconds % 2 ** 32, position + 6);
}

function writeTimestamp96(sink: Sink, seconds: number, nanoseconds: number, position: number): number {
  const buffer = reserve(sink, position, 15);
  buffer[position] = 0xc7;
  buffer[position + 1] = 12;
  buffer[position + 2] = timestampType;
  buffer.writeUInt32BE(nanoseconds, position + 3);
  return buffer.writeBigInt64BE(BigInt(seconds), position + 7);
}

const maxNanoseconds = 999_999_999;
/** The last moment of a `Date` is 10^8 days after 1970. */
const maxSeconds = 8_640_000_000_000;
