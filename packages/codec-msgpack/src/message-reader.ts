import { readText } from '@tenon/contract/authoring';
import { int32, uint16, uint32 } from './big-endian.js';
import type { EncodedKey } from './encoded-key.js';
import { FamiliarMaps } from './familiar-maps.js';
import { KeyCache } from './key-cache.js';
import type { ReadShape } from './read-shape.js';
import type { FieldReader } from './record-code.js';
import type { RecordCodes } from './record-codes.js';
import { cutShort, refusal } from './refusal.js';
import { absent, reserved } from './structure-limits.js';
import type { StructureList } from './structure-list.js';
import { readTimestamp, timestampType } from './timestamp.js';

/** What a message may hold at most. */
export interface ReadLimits {
  /** Arrays and maps inside each other. */
  readonly maxDepth: number;
  /** Values in all: each element, each field, each array and map. */
  readonly maxElements: number;
}

/**
 * Reads messages in one pass over their bytes. Every length is checked against the bytes that are there, and every count
 * against the limits, before anything is made by them.
 *
 * Refused are nesting and counts beyond the limits, lengths beyond the bytes, cut or trailing bytes, the unused byte
 * 0xc1, every extension but timestamps, keys that are no strings, and the key `__proto__`.
 *
 * One instance may be used again and again, but not within a call of itself; nothing here runs foreign code.
 */
export class MessageReader implements FieldReader<ReadShape> {
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #keys = new KeyCache();
  readonly #familiar: FamiliarMaps;
  readonly #double = new DataView(new ArrayBuffer(8));
  /** What it holds on to between messages. */
  readonly #nothing: Buffer = Buffer.alloc(0);
  #buffer = this.#nothing;
  #start = 0;
  #end = 0;
  /** Of the next byte to read. */
  #position = 0;
  /** How many values may still come. */
  #left = 0;
  /** What the peer has announced, in a linked session. */
  #structures: StructureList | undefined;

  constructor(limits: ReadLimits, codes: RecordCodes) {
    this.#maxDepth = limits.maxDepth;
    this.#maxElements = limits.maxElements;
    this.#familiar = new FamiliarMaps(codes);
  }

  /**
   * The one value that the bytes from `start` up to, not including, `end` are.
   *
   * @param structures - what records may refer to. Without it, references are refused.
   * @throws ServiceError `InvalidArgument` that says what is wrong and at which byte after `start`.
   */
  read(buffer: Buffer, start: number, end: number, structures?: StructureList): unknown {
    this.#buffer = buffer;
    this.#start = start;
    this.#position = start;
    this.#end = end;
    this.#left = this.#maxElements - 1;
    this.#structures = structures;
    try {
      const value = this.value(0);
      if (this.#position < end) throw refusal('more than one value', this.#position - start);
      return value;
    } finally {
      this.#buffer = this.#nothing;
      this.#structures = undefined;
    }
  }

  /** Reads one value. `depth` counts the containers around it. */
  value(depth: number): unknown {
    const at = this.#position;
    if (at >= this.#end) throw this.#cutShort(at);
    const first = this.#buffer[at] as number;
    this.#position = at + 1;
    if (first < 0x80) return first;
    if (first >= 0xe0) return first - 0x100;
    if (first >= 0xc0) return this.#prefixed(at, first, depth);
    if (first >= 0xa0) return this.#text(at, first & 0x1f);
    return first < 0x90 ? this.#map(at, first & 0x0f, depth) : this.#array(at, first & 0x0f, depth);
  }

  /** A value whose first byte says only what it is: 0xc0 to 0xdf. */
  #prefixed(at: number, first: number, depth: number): unknown {
    switch (first) {
      case 0xc0:
        return null;
      case 0xc1:
        return this.#structure(at, depth);
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#bytes(at, this.#uint8(at));
      case 0xc5:
        return this.#bytes(at, this.#uint16(at));
      case 0xc6:
        return this.#bytes(at, this.#uint32(at));
      case 0xca:
        return this.#float(at);
      case 0xcb:
        return this.#float64(at);
      case 0xcc:
        return this.#uint8(at);
      case 0xcd:
        return this.#uint16(at);
      case 0xce:
        return this.#uint32(at);
      case 0xcf:
        return this.#uint64(at);
      case 0xd0:
        return (this.#uint8(at) << 24) >> 24;
      case 0xd1:
        return (this.#uint16(at) << 16) >> 16;
      case 0xd2:
        return int32(this.#buffer, this.#take(at, 4));
      case 0xd3:
        return this.#int64(at);
      case 0xd9:
        return this.#text(at, this.#uint8(at));
      case 0xda:
        return this.#text(at, this.#uint16(at));
      case 0xdb:
        return this.#text(at, this.#uint32(at));
      case 0xdc:
        return this.#array(at, this.#uint16(at), depth);
      case 0xdd:
        return this.#array(at, this.#uint32(at), depth);
      case 0xde:
        return this.#map(at, this.#uint16(at), depth);
      case 0xdf:
        return this.#map(at, this.#uint32(at), depth);
      default:
        return this.#timestamp(at, first);
    }
  }

  #array(at: number, length: number, depth: number): unknown[] {
    this.#enter(at, length, length, depth);
    const values: unknown[] = [];
    for (let index = 0; index < length; index += 1) values.push(this.value(depth + 1));
    return values;
  }

  #map(at: number, fields: number, depth: number): Record<string, unknown> {
    this.#enter(at, fields, fields * 2, depth);
    const first = this.#position;
    if (fields === 0 || first + 8 > this.#end) return this.#fields(fields, {}, depth + 1);
    const place = this.#familiar.placeOf(this.#buffer, first, fields);
    const expected = this.#familiar.at(place);
    if (expected !== undefined && expected.names.length === fields)
      return expected.code.read(this, expected, depth + 1);
    const record = this.#fields(fields, {}, depth + 1);
    this.#familiar.met(place, record, fields);
    return record;
  }

  /** Reads so many keys and values into the record. */
  #fields(fields: number, record: Record<string, unknown>, depth: number): Record<string, unknown> {
    for (let field = 0; field < fields; field += 1) {
      const key = this.#key();
      record[key] = this.value(depth);
    }
    return record;
  }

  /** A record whose names were announced: the reserved byte, the number of its structure, and the values in order. */
  #structure(at: number, depth: number): Record<string, unknown> {
    if (this.#structures === undefined) throw refusal('the unused byte 0xc1', at - this.#start);
    const structure = this.#structures.at(this.#uint8(at));
    if (structure === undefined) throw refusal('a structure that was not announced', at - this.#start);
    const fields = structure.names.length;
    this.#enter(at, fields, fields, depth);
    return structure.code.read(this, structure, depth + 1);
  }

  /** Whether a field comes next: its key, which is passed over, or in a structure a value that is not absent. */
  isNext(shape: ReadShape, field: number): boolean {
    if (shape.keys === undefined) return this.#buffer[this.#position] !== reserved || !this.#isAbsentNext();
    const key = shape.keys[field] as EncodedKey;
    if (!key.isAt(this.#buffer, this.#position, this.#end)) return false;
    this.#position += key.length;
    return true;
  }

  /** Reads what comes from a field on, whether or not it is what was expected. */
  rest(shape: ReadShape, from: number, record: Record<string, unknown>, depth: number): Record<string, unknown> {
    const { names } = shape;
    const fields = names.length;
    let field = from;
    if (shape.keys === undefined) {
      for (; field < fields; field += 1) {
        if (this.#isAbsentNext()) this.#position += 2;
        else record[names[field] as string] = this.value(depth);
      }
      return record;
    }
    for (; field < fields && this.isNext(shape, field); field += 1) record[names[field] as string] = this.value(depth);
    if (field === fields) return record;
    this.#fields(fields - field, record, depth);
    this.#familiar.met(shape.place, record, fields);
    return record;
  }

  #isAbsentNext(): boolean {
    const at = this.#position;
    return at + 2 <= this.#end && this.#buffer[at] === reserved && this.#buffer[at + 1] === absent;
  }

  /** Checks a container's header: its content takes `leastBytes` or more, so a count that is a lie sizes nothing. */
  #enter(at: number, values: number, leastBytes: number, depth: number): void {
    if (depth === this.#maxDepth) throw refusal(`nesting of more than ${this.#maxDepth}`, at - this.#start);
    if (leastBytes > this.#end - this.#position) throw this.#cutShort(at);
    if (values > this.#left) throw refusal(`more than ${this.#maxElements} values`, at - this.#start);
    this.#left -= values;
  }

  #key(): string {
    const at = this.#position;
    if (at >= this.#end) throw this.#cutShort(at);
    const first = this.#buffer[at] as number;
    this.#position = at + 1;
    let bytes = first & 0x1f;
    if (first === 0xd9) bytes = this.#uint8(at);
    else if (first === 0xda) bytes = this.#uint16(at);
    else if (first === 0xdb) bytes = this.#uint32(at);
    else if ((first & 0xe0) !== 0xa0) throw refusal('a map key that is no string', at - this.#start);
    const key = this.#keys.read(this.#buffer, this.#take(at, bytes), bytes);
    if (key === '__proto__') throw refusal('the map key __proto__', at - this.#start);
    return key;
  }

  #text(at: number, bytes: number): string {
    return readText(this.#buffer, this.#take(at, bytes), bytes);
  }

  /** A copy, with nothing else in the memory behind it. */
  #bytes(at: number, bytes: number): Uint8Array {
    const from = this.#take(at, bytes);
    const copy = new Uint8Array(bytes);
    copy.set(this.#buffer.subarray(from, from + bytes));
    return copy;
  }

  #float(at: number): number {
    this.#double.setInt32(0, int32(this.#buffer, this.#take(at, 4)));
    return this.#double.getFloat32(0);
  }

  #float64(at: number): number {
    this.#double64(at);
    return this.#double.getFloat64(0);
  }

  /** A number where that is exact, else a bigint. */
  #uint64(at: number): number | bigint {
    this.#double64(at);
    const high = this.#double.getUint32(0);
    const low = this.#double.getUint32(4);
    return high < 2 ** 21 || (high === 2 ** 21 && low === 0) ? high * 2 ** 32 + low : this.#double.getBigUint64(0);
  }

  #int64(at: number): number | bigint {
    this.#double64(at);
    const high = this.#double.getInt32(0);
    const low = this.#double.getUint32(4);
    const exact = (high < 2 ** 21 && high >= -(2 ** 21)) || (high === 2 ** 21 && low === 0);
    return exact ? high * 2 ** 32 + low : this.#double.getBigInt64(0);
  }

  #double64(at: number): void {
    const from = this.#take(at, 8);
    this.#double.setInt32(0, int32(this.#buffer, from));
    this.#double.setInt32(4, int32(this.#buffer, from + 4));
  }

  #timestamp(at: number, first: number): Date {
    // The forms with a count, and the forms of one length, of which 0xd6 and 0xd7 are timestamps.
    let bytes = first === 0xd6 ? 4 : first === 0xd7 ? 8 : 0;
    if (first === 0xc7) bytes = this.#uint8(at);
    else if (first === 0xc8) this.#uint16(at);
    else if (first === 0xc9) this.#uint32(at);
    const type = this.#buffer[this.#take(at, 1)] as number;
    if (type !== timestampType) throw refusal(`extension type ${(type << 24) >> 24}`, at - this.#start);
    const date = readTimestamp(this.#buffer, this.#take(at, bytes), bytes);
    if (date === undefined) throw refusal('a timestamp that is no date', at - this.#start);
    return date;
  }

  #uint8(at: number): number {
    return this.#buffer[this.#take(at, 1)] as number;
  }

  #uint16(at: number): number {
    return uint16(this.#buffer, this.#take(at, 2));
  }

  #uint32(at: number): number {
    return uint32(this.#buffer, this.#take(at, 4));
  }

  /** Moves on by so many bytes of what began at `at`. Returns where they are. */
  #take(at: number, bytes: number): number {
    const from = this.#position;
    if (bytes > this.#end - from) throw this.#cutShort(at);
    this.#position = from + bytes;
    return from;
  }

  #cutShort(at: number): Error {
    return cutShort(at - this.#start);
  }
}
