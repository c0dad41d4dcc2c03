/** How many bytes the varint of a number from 0 to 2^53 − 1 has: the shortest form, and the only one that is read. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 2 ** 35) return 5;
  if (value < 2 ** 42) return 6;
  return value < 2 ** 49 ? 7 : 8;
}

/** Writes a varint where there is room for it. Returns where it ends. */
export function writeVarint(buffer: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 0x80)) {
    buffer[at] = (rest % 0x80) | 0x80;
    at += 1;
  }
  for (; rest >= 0x80; rest >>>= 7) {
    buffer[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  buffer[at] = rest;
  return at + 1;
}

/** The varint at `position`, which ends before `end`; NaN where there is none, or not in its shortest form. */
export function readVarint(buffer: Uint8Array, position: number, end: number): number {
  let value = 0;
  let at = position;
  // Sums of up to 28 bits are small integers; what comes behind them is rare.
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= end) return Number.NaN;
    const byte = buffer[at] as number;
    at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return byte === 0 && shift > 0 ? Number.NaN : value;
  }
  return readLong(buffer, at, end, value);
}

function readLong(buffer: Uint8Array, position: number, end: number, low: number): number {
  const last = Math.min(end, position + 4);
  let value = low;
  for (let at = position, factor = 2 ** 28; at < last; at += 1, factor *= 0x80) {
    const byte = buffer[at] as number;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return byte === 0 || value > Number.MAX_SAFE_INTEGER ? Number.NaN : value;
  }
  return Number.NaN;
}
