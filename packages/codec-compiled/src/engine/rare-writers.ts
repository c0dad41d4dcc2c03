import { types } from 'node:util';
import { fitsInt64 } from './int64.js';
import { isWhole } from './signed-varint.js';
import { varintBytes, writeVarint } from './varint.js';
import { unfit, type WriteValue } from './writing.js';

/** Whatever the plain codec can carry, with its length before it. */
export const writePlain: WriteValue = (value, writing, position) => {
  if (value === undefined) return unfit;
  const { sink } = writing;
  const from = position + 4;
  writing.room(position, 4);
  sink.position = from;
  writing.plain(value, sink);
  const end = sink.position;
  sink.buffer.writeUInt32BE(end - from, position);
  return end;
};

/** A sign, and the magnitude with its length before it. A whole number is one too: it is what comes of a small bigint. */
export const writeBigint: WriteValue = (given, writing, position) => {
  const value = typeof given === 'number' && isWhole(given) ? BigInt(given) : given;
  if (typeof value !== 'bigint' || !fitsInt64(value)) return unfit;
  const digits = value === 0n ? '' : (value < 0n ? -value : value).toString(16);
  const bytes = Math.ceil(digits.length / 2);
  const header = 1 + varintBytes(bytes);
  const buffer = writing.room(position, header + bytes);
  buffer[position] = value < 0n ? 1 : 0;
  writeVarint(buffer, position + 1, bytes);
  buffer.write(digits.padStart(bytes * 2, '0'), position + header, 'hex');
  return position + header + bytes;
};

export const writeDate: WriteValue = (value, writing, position) => {
  const time = epochMs(value);
  return isWhole(time) ? writing.signed(position, time) : unfit;
};

export const writeBytes: WriteValue = (value, writing, position) => {
  if (!types.isUint8Array(value)) return unfit;
  const { length } = value;
  const header = varintBytes(length);
  const buffer = writing.room(position, header + length);
  buffer.set(value, writeVarint(buffer, position, length));
  return position + header + length;
};

/** The moment of a valid date; NaN for anything else. */
export function epochMs(value: unknown): number {
  return types.isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
}
