import { types } from 'node:util';
import type { Sink } from '@tenon/contract';
import type { EncodedKey } from './encoded-key.js';
import { Inexpressible, within } from './inexpressible.js';
import { fitsInt64, Output } from './output.js';
import { RecordClasses } from './record-classes.js';
import type { FieldWriter } from './record-code.js';
import type { Shape, ShapeTable } from './shape-table.js';
import { absent, reserved } from './structure-limits.js';

/**
 * Writes values straight into a sink, checking as it goes.
 *
 * A getter of the value may write another value with the same writer: what it keeps of the first is put back afterwards.
 */
export class MessageWriter implements FieldWriter<Shape> {
  readonly #maxDepth: number;
  readonly #shapes: ShapeTable;
  readonly #output = new Output(new Nowhere());
  readonly #classes = new RecordClasses();
  /** How many shapes the peer has been told of, and how many of those the value being written may refer to. */
  #announced = 0;
  #usable = 0;
  /** How many fields of the record being written were not left out. */
  #fields = 0;
  /** Whether objects inherit no enumerable field, as it must be. */
  #inheritsNothing = true;

  constructor(maxDepth: number, shapes: ShapeTable) {
    this.#maxDepth = maxDepth;
    this.#shapes = shapes;
  }

  /** The shapes that the peer has not been told of, if any. Values that are written from now on refer to them by number. */
  announce(): readonly Shape[] | undefined {
    // Asked after each value: without an array where there is nothing.
    if (this.#announced === this.#shapes.size) return undefined;
    const news = this.#shapes.from(this.#announced);
    this.#announced = this.#shapes.size;
    return news;
  }

  /**
   * Writes one value at the sink's position. On an error the position is where it was.
   *
   * @throws Inexpressible for a value that has no form, and what a getter or the sink threw.
   */
  write(value: unknown, sink: Sink): void {
    const start = sink.position;
    const outer = this.#output.swap(sink);
    const outerUsable = this.#usable;
    const outerFields = this.#fields;
    // Not more: what is announced while this value is being written, by a getter, comes after it on the wire.
    this.#usable = this.#announced;
    this.#inheritsNothing = inheritsNothing();
    let written = false;
    try {
      this.value(value, 0);
      written = true;
    } finally {
      this.#output.swap(outer);
      this.#usable = outerUsable;
      this.#fields = outerFields;
      if (!written) sink.position = start;
    }
  }

  /** Writes one value. `depth` counts the containers around it. */
  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#output.text(value);
    else if (typeof value === 'number') this.#output.number(value);
    else if (typeof value === 'boolean') this.#output.byte(value ? 0xc3 : 0xc2);
    else if (value === null || value === undefined) this.#output.byte(0xc0);
    else if (typeof value === 'object') this.#object(value, depth);
    else this.#rare(value);
  }

  #rare(value: unknown): void {
    if (typeof value !== 'bigint') throw new Inexpressible(`is a ${typeof value}, which MessagePack cannot express`);
    if (!fitsInt64(value)) throw new Inexpressible('is a bigint of more than 64 bits');
    this.#output.bigint(value);
  }

  #object(value: object, depth: number): void {
    if (Array.isArray(value)) {
      this.#array(value, depth);
    } else {
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype || prototype === null) this.#record(value, depth, this.#inheritsNothing);
      else this.#instance(value, prototype as object, depth);
    }
  }

  #array(values: readonly unknown[], depth: number): void {
    this.#enter(depth);
    const length = values.length;
    // Every element takes a byte or more, so an absurd length meets the sink's limit here and not after a long loop.
    this.#output.header(fixArray, array16, length, length);
    let index = 0;
    try {
      for (; index < length; index += 1) this.value(values[index], depth + 1);
    } catch (thrown) {
      throw within(thrown, index);
    }
  }

  /** @param plain - whether enumerating the record gives its own fields alone. */
  #record(record: object, depth: number, plain: boolean): void {
    this.#enter(depth);
    const shape = this.#shapes.shapeOf(record, plain);
    if (shape === undefined) this.#map(record, depth + 1);
    else if (shape.number < this.#usable) this.#structure(shape, record, depth + 1);
    else this.#shapedMap(shape, record, depth + 1);
  }

  #structure(shape: Shape, record: object, depth: number): void {
    this.#output.pair(reserved, shape.number);
    shape.code.write(this, shape, record as Fields, depth);
  }

  #shapedMap(shape: Shape, record: object, depth: number): void {
    const output = this.#output;
    const count = shape.names.length;
    output.header(fixMap, map16, count, 0);
    const content = output.position;
    const outerFields = this.#fields;
    this.#fields = 0;
    shape.code.write(this, shape, record as Fields, depth);
    if (this.#fields < count) correctCount(output.buffer, content, count, this.#fields);
    this.#fields = outerFields;
  }

  /** Writes a field of the record of a shape: its value alone in a structure, else its key too. */
  field(shape: Shape, field: number, value: unknown, depth: number): void {
    if (shape.number < this.#usable) {
      if (value === undefined) this.#output.pair(reserved, absent);
      else this.value(value, depth);
    } else if (value !== undefined) {
      this.#output.key(shape.keys[field] as EncodedKey);
      this.value(value, depth);
      this.#fields += 1;
    }
  }

  /** Notes where a value stands that has no form. */
  failed(thrown: unknown, name: string): unknown {
    return within(thrown, name);
  }

  /** Fields that are `undefined` are left out; the count is put right afterwards, so that getters run once. */
  #map(record: object, depth: number): void {
    const keys = Object.keys(record);
    const output = this.#output;
    output.header(fixMap, map16, keys.length, 0);
    const content = output.position;
    let fields = 0;
    let key = '';
    try {
      for (let index = 0; index < keys.length; index += 1) {
        key = keys[index] as string;
        const value = (record as Fields)[key];
        if (value === undefined) continue;
        if (key === '__proto__') throw new Inexpressible('is under a key that decoders of this package refuse');
        output.text(key);
        this.value(value, depth);
        fields += 1;
      }
    } catch (thrown) {
      throw within(thrown, key);
    }
    if (fields < keys.length) correctCount(output.buffer, content, keys.length, fields);
  }

  /**
   * What is neither an array nor a plain object: bytes and dates, and instances of classes, which are written as plain
   * objects unless that would lose what they hold.
   *
   * @param converted - whether it came from a `toJSON`, which is not asked again: one that always gives a new instance
   *   would never end.
   */
  #instance(value: object, prototype: object, depth: number, converted = false): void {
    if (this.#classes.has(prototype)) {
      this.#fieldsOf(value, depth, converted);
    } else if (types.isUint8Array(value)) {
      this.#output.bytes(value);
    } else if (types.isDate(value)) {
      const epochMs = value.getTime();
      if (Number.isNaN(epochMs)) throw new Inexpressible('is an invalid Date');
      this.#output.date(epochMs);
    } else if (types.isBoxedPrimitive(value)) {
      this.value(value.valueOf(), depth);
    } else {
      const kind = unfitKind(value);
      if (kind !== undefined) throw new Inexpressible(`is ${kind}, which MessagePack cannot express`);
      this.#classes.add(prototype);
      this.#fieldsOf(value, depth, converted);
    }
  }

  /** An instance with `toJSON` is what that gives. */
  #fieldsOf(value: object, depth: number, converted: boolean): void {
    const toJson: unknown = (value as { readonly toJSON?: unknown }).toJSON;
    if (converted || typeof toJson !== 'function') this.#record(value, depth, false);
    else this.#converted(toJson.call(value, ''), depth);
  }

  #converted(data: unknown, depth: number): void {
    const isInstance = typeof data === 'object' && data !== null && !Array.isArray(data);
    const prototype: unknown = isInstance ? Object.getPrototypeOf(data) : null;
    if (prototype === null || prototype === Object.prototype) this.value(data, depth);
    else this.#instance(data as object, prototype as object, depth, true);
  }

  /** Bounds depth, and with it ends every cycle before the stack does. */
  #enter(depth: number): void {
    if (depth < this.#maxDepth) return;
    throw new Inexpressible(`is nested more than ${this.#maxDepth} deep, or contains itself`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The first byte of a container with its count inside. */
const fixMap = 0x80;
const fixArray = 0x90;
/** The first byte of one with 16 bits of count behind it; with 32 bits it is one more. */
const map16 = 0xde;
const array16 = 0xdc;

/** Lowers the count in the header of a map whose content is at `content`, without changing the header's size. */
function correctCount(buffer: Buffer, content: number, written: number, count: number): void {
  if (written < 0x10) buffer[content - 1] = fixMap | count;
  else if (written < 0x1_0000) buffer.writeUInt16BE(count, content - 2);
  else buffer.writeUInt32BE(count, content - 4);
}

/** Whether `Object.prototype` has no enumerable property, which would turn up in every loop over a record. */
function inheritsNothing(): boolean {
  for (const _ in Object.prototype) return false;
  return true;
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

/** Where a writer stands between values. */
class Nowhere implements Sink {
  readonly buffer = Buffer.alloc(0);
  position = 0;
  ensure(): void {}
}
