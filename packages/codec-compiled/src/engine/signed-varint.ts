import { readVarint, varintBytes, writeVarint } from './varint.js';

/** Whether a number is one that a signed varint brings back: a safe integer, and not −0. */
export function isWhole(value: number): boolean {
  return (value | 0) === value ? value !== 0 || 1 / value > 0 : Number.isSafeInteger(value);
}

/** How many bytes a whole number has as a signed varint. */
export function signedBytes(value: number): number {
  const magnitude = value < 0 ? -(value + 1) : value;
  return magnitude < 0x40 ? 1 : 1 + varintBytes(Math.floor(magnitude / 0x40));
}

/** Writes a whole number where there is room for it. Returns where it ends. */
export function writeSigned(buffer: Uint8Array, position: number, value: number): number {
  if (value < 2 ** 30 && value >= -(2 ** 30)) return writeVarint(buffer, position, (value << 1) ^ (value >> 31));
  // Zigzag of the largest takes 54 bits, one more than a number holds: the first byte, with the sign in it, goes alone.
  const magnitude = value < 0 ? -(value + 1) : value;
  buffer[position] = 0x80 | ((magnitude % 0x40) << 1) | (value < 0 ? 1 : 0);
  return writeVarint(buffer, position + 1, Math.floor(magnitude / 0x40));
}

/** The signed varint at `position`, which ends before `end`; NaN where there is none, or no safe integer. */
export function readSigned(buffer: Uint8Array, position: number, end: number): number {
  if (position >= end) return Number.NaN;
  const first = buffer[position] as number;
  if (first < 0x80) return (first >>> 1) ^ -(first & 1);
  const rest = readVarint(buffer, position + 1, end);
  if (rest === 0) return Number.NaN;
  const magnitude = rest * 0x40 + ((first & 0x7e) >>> 1);
  const value = (first & 1) === 0 ? magnitude : -magnitude - 1;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
