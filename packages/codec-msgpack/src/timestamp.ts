import { uint32 } from './big-endian.js';

/** The one extension of the MessagePack specification itself, −1 as an unsigned byte. */
export const timestampType = 0xff;

/** How many bytes the shortest of the specification's three timestamps has that holds a valid date. */
export function timestampBytes(epochMs: number): number {
  if (epochMs < 0 || epochMs >= 2 ** 34 * 1_000) return 15;
  return epochMs % 1_000 === 0 && epochMs < 2 ** 32 * 1_000 ? 6 : 10;
}

/** Writes a valid date at `position`, where there must be room for its {@link timestampBytes}. */
export function writeTimestamp(buffer: Buffer, position: number, epochMs: number): void {
  const seconds = Math.floor(epochMs / 1_000);
  const nanoseconds = (epochMs - seconds * 1_000) * 1_000_000;
  const bytes = timestampBytes(epochMs);
  if (bytes === 6) writeTimestamp32(buffer, position, seconds);
  else if (bytes === 10) writeTimestamp64(buffer, position, seconds, nanoseconds);
  else writeTimestamp96(buffer, position, seconds, nanoseconds);
}

/** The date in the `bytes` bytes of a timestamp at `position`; undefined where that is none that a `Date` can hold. */
export function readTimestamp(buffer: Uint8Array, position: number, bytes: number): Date | undefined {
  if (bytes === 4) return new Date(uint32(buffer, position) * 1_000);
  if (bytes === 8) {
    const high = uint32(buffer, position);
    return dateOf((high & 3) * 2 ** 32 + uint32(buffer, position + 4), high >>> 2);
  }
  if (bytes !== 12) return undefined;
  const seconds = (uint32(buffer, position + 4) | 0) * 2 ** 32 + uint32(buffer, position + 8);
  return dateOf(seconds, uint32(buffer, position));
}

function dateOf(seconds: number, nanoseconds: number): Date | undefined {
  if (nanoseconds > maxNanoseconds || seconds < -maxSeconds) return undefined;
  if (seconds > maxSeconds || (seconds === maxSeconds && nanoseconds > 0)) return undefined;
  // Down, always: a part of a millisecond that is added as a fraction would be rounded into the next one.
  return new Date(seconds * 1_000 + Math.floor(nanoseconds / 1_000_000));
}

function writeTimestamp32(buffer: Buffer, position: number, seconds: number): void {
  buffer[position] = 0xd6;
  buffer[position + 1] = timestampType;
  buffer.writeUInt32BE(seconds, position + 2);
}

/** Thirty bits of nanoseconds and 34 of seconds. */
function writeTimestamp64(buffer: Buffer, position: number, seconds: number, nanoseconds: number): void {
  buffer[position] = 0xd7;
  buffer[position + 1] = timestampType;
  buffer.writeUInt32BE(nanoseconds * 4 + Math.floor(seconds / 2 ** 32), position + 2);
  buffer.writeUInt32BE(seconds % 2 ** 32, position + 6);
}

function writeTimestamp96(buffer: Buffer, position: number, seconds: number, nanoseconds: number): void {
  buffer[position] = 0xc7;
  buffer[position + 1] = 12;
  buffer[position + 2] = timestampType;
  buffer.writeUInt32BE(nanoseconds, position + 3);
  buffer.writeBigInt64BE(BigInt(seconds), position + 7);
}

const maxNanoseconds = 999_999_999;
/** The last moment of a `Date` is 10^8 days after 1970. */
const maxSeconds = 8_640_000_000_000;
