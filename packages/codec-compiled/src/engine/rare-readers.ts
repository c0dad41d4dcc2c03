import { fitsInt64, isSmall } from './int64.js';
import { maxEpochMs } from './limits.js';
import type { ReadValue } from './reading.js';

/** What the plain codec carried. */
export const readPlain: ReadValue = (reading) => {
  const from = reading.take(4);
  const bytes = reading.buffer.readUInt32BE(from);
  const start = reading.take(bytes);
  return reading.plain(reading.buffer, start, start + bytes);
};

/** As plain has it: one that a number holds comes back as a number, whatever it was. */
export const readBigint: ReadValue = (reading) => {
  const at = reading.position;
  const negative = reading.flag();
  const bytes = reading.varint();
  const from = reading.take(bytes);
  if (bytes === 0) {
    if (negative) throw reading.refusal('a bigint of −0', at);
    return 0;
  }
  if (reading.buffer[from] === 0) throw reading.refusal('a bigint with leading zeros', at);
  if (bytes > 8) throw reading.refusal('a bigint of more than 64 bits', at);
  const magnitude = BigInt(`0x${reading.buffer.toString('hex', from, from + bytes)}`);
  const value = negative ? -magnitude : magnitude;
  if (!fitsInt64(value)) throw reading.refusal('a bigint of more than 64 bits', at);
  return isSmall(value) ? Number(value) : value;
};

export const readDate: ReadValue = (reading) => {
  const at = reading.position;
  const time = reading.signed();
  if (!isEpochMs(time)) throw reading.refusal('no valid date', at);
  return new Date(time);
};

/** A copy, with nothing else in the memory behind it. */
export const readBytes: ReadValue = (reading) => {
  const bytes = reading.varint();
  const from = reading.take(bytes);
  const copy = new Uint8Array(bytes);
  copy.set(reading.buffer.subarray(from, from + bytes));
  return copy;
};

/** Whether a `Date` holds that moment. */
export function isEpochMs(time: number): boolean {
  return time <= maxEpochMs && time >= -maxEpochMs;
}
