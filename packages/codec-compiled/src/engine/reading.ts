import type { Decoder } from '@tenon/contract';
import { readText } from '@tenon/contract/authoring';
import { maxDepth, maxElements } from './limits.js';
import { refusal } from './refusal.js';
import { readSigned, signedBytes } from './signed-varint.js';
import { readVarint, varintBytes } from './varint.js';

/**
 * Reads one value at the reading's position, and moves that behind it. Throws `ServiceError` `InvalidArgument`; what was
 * made is checked against the bytes that are there before it is made.
 *
 * @param depth - how many records, arrays and maps are around the value.
 */
export type ReadValue = (reading: Reading, depth: number) => unknown;

/** One value being read: where it stands, and how much may still come. */
export class Reading {
  readonly buffer: Buffer;
  readonly end: number;
  readonly plain: Decoder;
  readonly #start: number;
  /** Of the next byte. */
  position: number;
  /** How many elements may still come. */
  left = maxElements;

  constructor(buffer: Uint8Array, start: number, end: number, plain: Decoder) {
    this.buffer = Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.end = Math.min(end, buffer.length);
    this.plain = plain;
    this.#start = start;
    this.position = start;
  }

  /** What is thrown for bytes that are refused. */
  refusal(what: string, position: number): Error {
    return refusal(what, position - this.#start);
  }

  /** Moves on by so many bytes. Returns where they are. */
  take(bytes: number): number {
    const from = this.position;
    if (bytes > this.end - from) throw this.refusal('cut short', from);
    this.position = from + bytes;
    return from;
  }

  byte(): number {
    return this.buffer[this.take(1)] as number;
  }

  /** A byte that says no or yes. */
  flag(): boolean {
    const byte = this.byte();
    if (byte > 1) throw this.refusal('a byte that is neither 0 nor 1', this.position - 1);
    return byte === 1;
  }

  varint(): number {
    const value = readVarint(this.buffer, this.position, this.end);
    if (Number.isNaN(value)) throw this.refusal('no varint', this.position);
    this.position += varintBytes(value);
    return value;
  }

  signed(): number {
    const value = readSigned(this.buffer, this.position, this.end);
    if (Number.isNaN(value)) throw this.refusal('no signed varint', this.position);
    this.position += signedBytes(value);
    return value;
  }

  text(): string {
    const bytes = this.varint();
    return readText(this.buffer, this.take(bytes), bytes);
  }

  /** How many items or entries come, each of which takes one byte or more. */
  count(depth: number): number {
    const at = this.position;
    const count = this.varint();
    if (count > this.end - this.position) throw this.refusal('cut short', at);
    this.enter(depth, count);
    return count;
  }

  /** Checks what is in something against the limits. */
  enter(depth: number, elements: number): void {
    if (depth >= maxDepth) throw this.refusal(`nesting of more than ${maxDepth}`, this.position);
    this.left -= elements;
    if (this.left < 0) throw this.refusal(`more than ${maxElements} elements`, this.position);
  }
}
