import type { Sink } from '@tenon/contract';
import { reserve } from './reserve.js';

/**
 * Writes whole numbers of up to 32 bits in their shortest form and all others as a double, as JavaScript keeps them: so a
 * number always comes back as a number, and −0 as −0.
 *
 * @returns the position behind it, as all writers here do.
 */
export function writeNumber(sink: Sink, value: number, position: number): number {
  if (value >>> 0 === value && !Object.is(value, -0)) return writeUnsigned(sink, value, position);
  if (value >> 0 === value && value !== 0) return writeNegative(sink, value, position);
  const buffer = reserve(sink, position, 9);
  buffer[position] = 0xcb;
  return buffer.writeDoubleBE(value, position + 1);
}

/** Writes a bigint as a 64-bit integer. It must fit: see {@link fitsInt64}. */
export function writeBigint(sink: Sink, value: bigint, position: number): number {
  const buffer = reserve(sink, position, 9);
  if (value > maxInt64) {
    buffer[position] = 0xcf;
    return buffer.writeBigUInt64BE(value, position + 1);
  }
  buffer[position] = 0xd3;
  return buffer.writeBigInt64BE(value, position + 1);
}

/** Whether MessagePack has an integer for it: int64 below, uint64 above. */
export function fitsInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxUint64;
}

function writeUnsigned(sink: Sink, value: number, position: number): number {
  if (value < 0x80) {
    reserve(sink, position, 1)[position] = value;
    return position + 1;
  }
  if (value < 0x100) {
    const buffer = reserve(sink, position, 2);
    buffer[position] = 0xcc;
    buffer[position + 1] = value;
    return position + 2;
  }
  if (value < 0x1_0000) return writeHeader16(reserve(sink, position, 3), 0xcd, value, position);
  return writeHeader32(reserve(sink, position, 5), 0xce, value, position);
}

function writeNegative(sink: Sink, value: number, position: number): number {
  if (value >= -0x20) {
    reserve(sink, position, 1)[position] = value;
    return position + 1;
  }
  if (value >= -0x80) {
    const buffer = reserve(sink, position, 2);
    buffer[position] = 0xd0;
    buffer[position + 1] = value;
    return position + 2;
  }
  if (value >= -0x8000) return writeHeader16(reserve(sink, position, 3), 0xd1, value, position);
  return writeHeader32(reserve(sink, position, 5), 0xd2, value, position);
}

/** A first byte and a 16-bit number behind it. There must be room. */
export function writeHeader16(buffer: Buffer, first: number, value: number, position: number): number {
  buffer[position] = first;
  buffer[position + 1] = value >> 8;
  buffer[position + 2] = value;
  return position + 3;
}

/** A first byte and a 32-bit number behind it. There must be room. */
export function writeHeader32(buffer: Buffer, first: number, value: number, position: number): number {
  buffer[position] = first;
  buffer[position + 1] = value >> 24;
  buffer[position + 2] = value >> 16;
  buffer[position + 3] = value >> 8;
  buffer[position + 4] = value;
  return position + 5;
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;
