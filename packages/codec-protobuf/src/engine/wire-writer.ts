import type { Sink } from '@tenon/contract';
import { maxEpochMs, minEpochMs } from './limits.js';

/**
 * Writes protobuf's scalars into a sink. One for each value that is encoded, so that a getter may encode another meanwhile.
 *
 * `room` is always asked for what will be written, never for an estimate: an estimate could run into the owner's limit with a
 * message that fits.
 */
export class WireWriter {
  readonly #sink: Sink;
  /** The sink's buffer. Replaced when it grows. */
  buffer: Buffer;
  /** Where the next byte goes. */
  position: number;

  constructor(sink: Sink) {
    this.#sink = sink;
    this.buffer = sink.buffer;
    this.position = sink.position;
  }

  /** The buffer, with room for `bytes` at the position. */
  room(bytes: number): Buffer {
    return this.position + bytes > this.buffer.length ? this.#grown(bytes) : this.buffer;
  }

  /** An unsigned number of up to 32 bits. */
  varint(value: number): void {
    if (value < 0x80) {
      this.room(1)[this.position] = value;
      this.position += 1;
      return;
    }
    const buffer = this.room(varintBytes(value));
    this.position = putVarint(buffer, this.position, value);
  }

  /** A safe integer, in two's complement. */
  integer(value: number): void {
    if (value >= 0 && value <= 0xffff_ffff) this.varint(value);
    else this.#varint64(value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
  }

  /** A whole number of 64 bits, in two's complement. */
  bigint(value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.#varint64(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  }

  boolean(value: boolean): void {
    this.room(1)[this.position] = value ? 1 : 0;
    this.position += 1;
  }

  number(value: number): void {
    const buffer = this.room(8);
    buffer.writeDoubleLE(value, this.position);
    this.position += 8;
  }

  /** UTF-8 behind its length; half a surrogate pair becomes U+FFFD. */
  string(text: string): void {
    if (text.length >= 0x20 || !this.#shortAscii(text)) this.#longText(text);
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.room(value.length).set(value, this.position);
    this.position += value.length;
  }

  /** A moment that {@link isTimestamp}, as `google.protobuf.Timestamp`. */
  date(value: Date): void {
    const epochMs = value.getTime();
    const seconds = Math.floor(epochMs / 1_000);
    const nanos = (epochMs - seconds * 1_000) * 1_000_000;
    const start = this.open();
    if (seconds !== 0) {
      this.varint(0x08);
      this.integer(seconds);
    }
    if (nanos !== 0) {
      this.varint(0x10);
      this.varint(nanos);
    }
    this.close(start);
  }

  /** Leaves a byte for the length of what follows. Returns where that begins, for {@link WireWriter.close}. */
  open(): number {
    this.room(1);
    this.position += 1;
    return this.position;
  }

  /** Puts the length before what was written since, and moves that where the length takes more than a byte. */
  close(start: number): void {
    const length = this.position - start;
    if (length < 0x80) {
      this.buffer[start - 1] = length;
      return;
    }
    const more = varintBytes(length) - 1;
    const buffer = this.room(more);
    buffer.copyWithin(start + more, start, this.position);
    putVarint(buffer, start - 1, length);
    this.position += more;
  }

  /** Tells the sink how far it came. */
  finish(): void {
    this.#sink.position = this.position;
  }

  #shortAscii(text: string): boolean {
    const { length } = text;
    const buffer = this.room(length + 1);
    const from = this.position + 1;
    let units = 0;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      units |= unit;
      buffer[from + index] = unit;
    }
    if (units > 0x7f) return false;
    buffer[this.position] = length;
    this.position = from + length;
    return true;
  }

  #longText(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.varint(bytes);
    this.room(bytes).write(text, this.position, 'utf8');
    this.position += bytes;
  }

  #varint64(low: number, high: number): void {
    const buffer = this.room(high === 0 ? varintBytes(low) : varintBytes64(high));
    let [rest, above, at] = [low, high, this.position];
    while (above !== 0 || rest > 0x7f) {
      buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest = ((rest >>> 7) | (above << 25)) >>> 0;
      above >>>= 7;
    }
    buffer[at] = rest;
    this.position = at + 1;
  }

  #grown(bytes: number): Buffer {
    this.#sink.position = this.position;
    this.#sink.ensure(bytes);
    this.buffer = this.#sink.buffer;
    return this.buffer;
  }
}

/** Whether a value is a date that a `google.protobuf.Timestamp` can hold: a valid one of the years 1 to 9999. */
export function isTimestamp(value: unknown): value is Date {
  if (!(value instanceof Date)) return false;
  const epochMs = value.getTime();
  return epochMs >= minEpochMs && epochMs <= maxEpochMs;
}

/** Whether a value is a whole number of 64 bits. */
export function isInt64(value: unknown): value is bigint {
  return typeof value === 'bigint' && value === BigInt.asIntN(64, value);
}

function putVarint(buffer: Buffer, position: number, value: number): number {
  let [rest, at] = [value, position];
  while (rest > 0x7f) {
    buffer[at] = (rest & 0x7f) | 0x80;
    at += 1;
    rest >>>= 7;
  }
  buffer[at] = rest;
  return at + 1;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Of a number of which the upper 32 bits are not all zero. */
function varintBytes64(high: number): number {
  const bits = 64 - Math.clz32(high);
  return Math.ceil(bits / 7);
}
