import { ServiceError } from '@tenon/contract';

/** What memberlist puts into its messages. Text and bytes look alike on the wire: both are read as bytes. */
export type WireValue = number | boolean | null | Buffer | readonly WireValue[] | WireFields;

/** A struct of Go: its fields by name. */
export type WireFields = ReadonlyMap<string, WireValue>;

/** What is written: text and bytes both become "raw", as MessagePack had it before 2013 and as Go's library still writes. */
export type WritableFields = Readonly<Record<string, number | boolean | string | Uint8Array>>;

/**
 * Writes one struct. The dialect is the one that every memberlist reads: no `bin` and no `str8`, which is why no library does it (they
 * write bytes as `bin`, and read "raw" as text, which loses addresses).
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec-old.md
 */
export function writeFields(fields: WritableFields): Buffer {
  const entries = Object.entries(fields);
  const parts: Uint8Array[] = [Buffer.of(0x80 | entries.length)];
  for (const [name, value] of entries) {
    writeRaw(Buffer.from(name), parts);
    writeValue(value, parts);
  }
  return Buffer.concat(parts);
}

function writeValue(value: number | boolean | string | Uint8Array, parts: Uint8Array[]): void {
  if (typeof value === 'number') parts.push(unsigned(value));
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2));
  else writeRaw(typeof value === 'string' ? Buffer.from(value) : value, parts);
}

function writeRaw(bytes: Uint8Array, parts: Uint8Array[]): void {
  if (bytes.length < 32) parts.push(Buffer.of(0xa0 | bytes.length), bytes);
  else if (bytes.length < 0x10000) parts.push(Buffer.of(0xda, bytes.length >> 8, bytes.length & 0xff), bytes);
  else parts.push(Buffer.concat([Buffer.of(0xdb), uint32(bytes.length)]), bytes);
}

function unsigned(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value);
  if (value < 0x100) return Buffer.of(0xcc, value);
  if (value < 0x10000) return Buffer.of(0xcd, value >> 8, value & 0xff);
  return Buffer.concat([Buffer.of(0xce), uint32(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * Reads values one after the other, and knows where it stands. Nothing is reserved by a claimed length: a value that is longer than what is
 * there is refused before anything is made of it. Depth and members are bounded; memberlist nests nothing.
 */
export class MsgpackReader {
  readonly #bytes: Buffer;
  #position: number;
  #hasRunOut = false;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Whether a value was refused only because the bytes end within it: on a stream, more may come. */
  get hasRunOut(): boolean {
    return this.#hasRunOut;
  }

  /** The next value. Throws `DataLoss` where the bytes end within it, or can be none. */
  value(depth = 0): WireValue {
    const head = this.#byte();
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0x90) return this.#map(head & 0x0f, depth);
    if (head < 0xa0) return this.#list(head & 0x0f, depth);
    if (head < 0xc0) return this.#raw(head & 0x1f);
    return this.#long(head, depth);
  }

  /** The next value, which has to be a struct. */
  fields(): WireFields {
    const value = this.value();
    if (value instanceof Map) return value;
    throw malformed('a message is not a map');
  }

  #long(head: number, depth: number): WireValue {
    if (head === 0xc0) return null;
    if (head === 0xc2 || head === 0xc3) return head === 0xc3;
    if (head === 0xc4 || head === 0xd9) return this.#raw(this.#uint(1));
    if (head === 0xc5 || head === 0xda) return this.#raw(this.#uint(2));
    if (head === 0xc6 || head === 0xdb) return this.#raw(this.#uint(4));
    if (head >= 0xcc && head <= 0xce) return this.#uint(1 << (head - 0xcc));
    if (head === 0xcf || head === 0xd3) return this.#big(head === 0xd3);
    if (head >= 0xd0 && head <= 0xd2) return this.#int(1 << (head - 0xd0));
    if (head === 0xdc || head === 0xdd) return this.#list(this.#uint(head === 0xdc ? 2 : 4), depth);
    if (head === 0xde || head === 0xdf) return this.#map(this.#uint(head === 0xde ? 2 : 4), depth);
    throw malformed(`a message has a value of kind 0x${head.toString(16)}`);
  }

  #map(size: number, depth: number): WireFields {
    this.#assertSmall(size, depth);
    const fields = new Map<string, WireValue>();
    for (let left = size; left > 0; left -= 1) {
      const name = this.value(depth + 1);
      if (!Buffer.isBuffer(name)) throw malformed('a field has no name');
      fields.set(name.toString('latin1'), this.value(depth + 1));
    }
    return fields;
  }

  #list(size: number, depth: number): readonly WireValue[] {
    this.#assertSmall(size, depth);
    const items: WireValue[] = [];
    for (let left = size; left > 0; left -= 1) items.push(this.value(depth + 1));
    return items;
  }

  #assertSmall(size: number, depth: number): void {
    if (size > maxMembers || depth > maxDepth) throw malformed('a message is larger or deeper than any of memberlist');
  }

  #raw(length: number): Buffer {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  #uint(length: number): number {
    return this.#bytes.readUIntBE(this.#take(length), length);
  }

  #int(length: number): number {
    return this.#bytes.readIntBE(this.#take(length), length);
  }

  #big(isSigned: boolean): number {
    const start = this.#take(8);
    return Number(isSigned ? this.#bytes.readBigInt64BE(start) : this.#bytes.readBigUInt64BE(start));
  }

  #take(length: number): number {
    const start = this.#position;
    if (this.#bytes.length - start < length) {
      this.#hasRunOut = true;
      throw malformed('a message is cut off');
    }
    this.#position = start + length;
    return start;
  }
}

/** What every reader of this package throws at bytes that cannot be a message. */
export function malformed(message: string): ServiceError {
  return ServiceError.refusal('DataLoss', message, { executed: 'no' });
}

const maxMembers = 64;
const maxDepth = 4;
