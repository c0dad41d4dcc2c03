import type { Sink } from '@tenon/contract';
import { reserve } from './reserve.js';
import { writeHeader16, writeHeader32 } from './write-number.js';

/** Writes a string as UTF-8; half a surrogate pair becomes U+FFFD. */
export function writeText(sink: Sink, text: string, position: number): number {
  // Most strings of a call are short ASCII names: for those a loop is faster than two calls into the engine.
  if (text.length < 0x20 && writeShortAscii(sink, text, position)) return position + 1 + text.length;
  const bytes = Buffer.byteLength(text);
  const at = writeTextHeader(sink, bytes, position);
  sink.buffer.write(text, at, bytes, 'utf8');
  return at + bytes;
}

/** Writes bytes as they are. */
export function writeBytes(sink: Sink, value: Uint8Array, position: number): number {
  const at = writeBytesHeader(sink, value.length, position);
  sink.buffer.set(value, at);
  return at + value.length;
}

function writeShortAscii(sink: Sink, text: string, position: number): boolean {
  const length = text.length;
  const buffer = reserve(sink, position, length + 1);
  buffer[position] = 0xa0 | length;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return false;
    buffer[position + 1 + index] = unit;
  }
  return true;
}

function writeTextHeader(sink: Sink, bytes: number, position: number): number {
  if (bytes < 0x20) {
    reserve(sink, position, 1 + bytes)[position] = 0xa0 | bytes;
    return position + 1;
  }
  if (bytes < 0x100) return writeHeader8(reserve(sink, position, 2 + bytes), 0xd9, bytes, position);
  if (bytes < 0x1_0000) return writeHeader16(reserve(sink, position, 3 + bytes), 0xda, bytes, position);
  return writeHeader32(reserve(sink, position, 5 + bytes), 0xdb, bytes, position);
}

function writeBytesHeader(sink: Sink, bytes: number, position: number): number {
  if (bytes < 0x100) return writeHeader8(reserve(sink, position, 2 + bytes), 0xc4, bytes, position);
  if (bytes < 0x1_0000) return writeHeader16(reserve(sink, position, 3 + bytes), 0xc5, bytes, position);
  return writeHeader32(reserve(sink, position, 5 + bytes), 0xc6, bytes, position);
}

function writeHeader8(buffer: Buffer, first: number, value: number, position: number): number {
  buffer[position] = first;
  buffer[position + 1] = value;
  return position + 2;
}
