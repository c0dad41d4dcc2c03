import { types } from 'node:util';
import { type Encoder, ServiceError, type Sink } from '@tenon/contract';
import { Inexpressible } from './inexpressible.js';
import { reserve } from './reserve.js';
import { writeTimestamp } from './timestamp.js';
import { fitsInt64, writeBigint, writeHeader16, writeHeader32, writeNumber } from './write-number.js';
import { writeBytes, writeText } from './write-text.js';

/**
 * Writes values straight into the sink, checking as it goes. Keeps no state between or during calls, so a getter of the
 * value may encode another value.
 */
export function msgpackEncoder(maxDepth: number): Encoder {
  const writer = new ValueWriter(maxDepth);
  return (value, sink) => {
    const start = sink.position;
    try {
      sink.position = writer.value(sink, value, start, 0);
    } catch (thrown) {
      sink.position = start;
      if (thrown instanceof Inexpressible) throw thrown.toServiceError();
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    }
  };
}

/** Each method writes one value at `position` and returns the position behind it. `depth` counts what is around it. */
class ValueWriter {
  readonly #maxDepth: number;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  value(sink: Sink, value: unknown, position: number, depth: number): number {
    switch (typeof value) {
      case 'string':
        return writeText(sink, value, position);
      case 'number':
        return writeNumber(sink, value, position);
      case 'object':
        return value === null ? writeByte(sink, 0xc0, position) : this.#object(sink, value, position, depth);
      case 'boolean':
        return writeByte(sink, value ? 0xc3 : 0xc2, position);
      case 'undefined':
        return writeByte(sink, 0xc0, position);
      case 'bigint':
        if (!fitsInt64(value)) throw new Inexpressible('is a bigint of more than 64 bits');
        return writeBigint(sink, value, position);
      default:
        throw new Inexpressible(`is a ${typeof value}, which MessagePack cannot express`);
    }
  }

  #object(sink: Sink, value: object, position: number, depth: number): number {
    if (Array.isArray(value)) return this.#array(sink, value, position, depth);
    return isPlain(value) ? this.#map(sink, value, position, depth) : this.#instance(sink, value, position, depth);
  }

  #array(sink: Sink, values: readonly unknown[], start: number, depth: number): number {
    this.#enter(depth);
    const length = values.length;
    // Every element takes a byte or more, so an absurd length meets the sink's limit here and not after a long loop.
    let position = writeHeader(sink, fixArray, array16, length, length, start);
    let index = 0;
    try {
      for (; index < length; index += 1) position = this.value(sink, values[index], position, depth + 1);
    } catch (thrown) {
      throw within(thrown, index);
    }
    return position;
  }

  /** Fields that are `undefined` are left out; the count is put right afterwards, so that getters run once. */
  #map(sink: Sink, record: object, start: number, depth: number): number {
    this.#enter(depth);
    const keys = Object.keys(record);
    let position = writeHeader(sink, fixMap, map16, keys.length, 0, start);
    let fields = 0;
    let key = '';
    try {
      for (let index = 0; index < keys.length; index += 1) {
        key = keys[index] as string;
        const value = (record as Readonly<Record<string, unknown>>)[key];
        if (value === undefined) continue;
        if (key === '__proto__') throw new Inexpressible('is under a key that decoders of this package refuse');
        position = this.value(sink, value, writeText(sink, key, position), depth + 1);
        fields += 1;
      }
    } catch (thrown) {
      throw within(thrown, key);
    }
    if (fields < keys.length) correctCount(sink.buffer, start, fields);
    return position;
  }

  /**
   * What is neither an array nor a plain object: bytes and dates, and instances of classes, which are written as plain
   * objects unless that would lose what they hold.
   */
  #instance(sink: Sink, value: object, position: number, depth: number, converted = false): number {
    if (types.isUint8Array(value)) return writeBytes(sink, value, position);
    if (types.isDate(value)) {
      const epochMs = value.getTime();
      if (Number.isNaN(epochMs)) throw new Inexpressible('is an invalid Date');
      return writeTimestamp(sink, epochMs, position);
    }
    if (types.isBoxedPrimitive(value)) return this.value(sink, value.valueOf(), position, depth);
    const kind = unfitKind(value);
    if (kind !== undefined) throw new Inexpressible(`is ${kind}, which MessagePack cannot express`);

    const toJson: unknown = (value as { readonly toJSON?: unknown }).toJSON;
    if (converted || typeof toJson !== 'function') return this.#map(sink, value, position, depth);
    const data: unknown = toJson.call(value, '');
    if (typeof data !== 'object' || data === null || Array.isArray(data) || isPlain(data))
      return this.value(sink, data, position, depth);
    // Its own `toJSON` is not asked again: one that always gives a new instance would never end.
    return this.#instance(sink, data, position, depth, true);
  }

  /** Bounds depth, and with it ends every cycle before the stack does. */
  #enter(depth: number): void {
    if (depth < this.#maxDepth) return;
    throw new Inexpressible(`is nested more than ${this.#maxDepth} deep, or contains itself`);
  }
}

/** The first byte of a container with its count inside. */
const fixMap = 0x80;
const fixArray = 0x90;
/** The first byte of one with 16 bits of count behind it; with 32 bits it is one more. */
const map16 = 0xde;
const array16 = 0xdc;

/** Makes room for the header and `leastBytes` behind it. */
function writeHeader(
  sink: Sink,
  fix: number,
  first16: number,
  count: number,
  leastBytes: number,
  position: number,
): number {
  if (count < 0x10) {
    reserve(sink, position, 1 + leastBytes)[position] = fix | count;
    return position + 1;
  }
  if (count < 0x1_0000) return writeHeader16(reserve(sink, position, 3 + leastBytes), first16, count, position);
  return writeHeader32(reserve(sink, position, 5 + leastBytes), first16 + 1, count, position);
}

/** Lowers the count in a map's header without changing the header's size. */
function correctCount(buffer: Buffer, start: number, count: number): void {
  const first = buffer[start] as number;
  if (first < fixArray) buffer[start] = fixMap | count;
  else if (first === map16) writeHeader16(buffer, first, count, start);
  else writeHeader32(buffer, first, count, start);
}

function writeByte(sink: Sink, byte: number, position: number): number {
  reserve(sink, position, 1)[position] = byte;
  return position + 1;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Objects whose own fields are not what they hold. */
function unfitKind(value: object): string | undefined {
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return 'a buffer other than Uint8Array';
  if (types.isNativeError(value)) return 'an Error';
  if (types.isRegExp(value)) return 'a RegExp';
  return types.isWeakMap(value) || types.isWeakSet(value) ? 'a weak collection' : undefined;
}

function within(thrown: unknown, step: string | number): unknown {
  if (thrown instanceof Inexpressible) thrown.within(step);
  return thrown;
}
