import { types } from 'node:util';
import { ServiceError, type Sink } from '@tenon/contract';

/**
 * Makes a value fit for `JSON.stringify`: refuses what JSON would drop in silence or overflow on, and replaces what has
 * a documented text form. Parts that need no change are handed on as they are, so plain data costs a look and no copy.
 *
 * One object serves one encoder call, which makes encoding re-entrant. Getters of the value are read twice: here, and
 * by `JSON.stringify`.
 */
export class Expressible {
  readonly #maxDepth: number;
  readonly #sink: Sink;
  readonly #path: (string | number)[] = [];
  #elements = 0;

  constructor(maxDepth: number, sink: Sink) {
    this.#maxDepth = maxDepth;
    this.#sink = sink;
  }

  /** @throws ServiceError `InvalidArgument` that names the place and the kind of what does not fit, never the value. */
  of(value: unknown): unknown {
    return this.#any(value, 0);
  }

  #any(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'object':
        return value === null ? null : this.#object(value, depth);
      case 'function':
      case 'symbol':
      case 'bigint':
        throw this.#refusal(`a ${typeof value}`, depth);
      default:
        return value;
    }
  }

  #object(value: object, depth: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
      // Before `toJSON`: that of a Buffer writes every byte as a number.
      if (types.isUint8Array(value)) {
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
      }
      const kind = unfitKind(value);
      if (kind !== undefined) throw this.#refusal(kind, depth);
      if (types.isBoxedPrimitive(value)) return this.#any(value.valueOf(), depth);
    }
    const toJson: unknown = (value as { readonly toJSON?: unknown }).toJSON;
    if (typeof toJson === 'function') return this.#converted(value, toJson.call(value, this.#key(depth)), depth);
    return Array.isArray(value) ? this.#array(value, depth) : this.#record(value, depth, false);
  }

  /** What `toJSON` gave is written as data: its own `toJSON`, if it has one, is not asked again. */
  #converted(value: object, data: unknown, depth: number): unknown {
    if (data !== value) {
      if (typeof data !== 'object' || data === null) return this.#any(data, depth);
      if (Array.isArray(data)) return this.#array(data, depth);
      if (typeof (data as { readonly toJSON?: unknown }).toJSON !== 'function') return this.#object(data, depth);
    }
    return this.#record(data as object, depth, true);
  }

  #array(values: readonly unknown[], depth: number): unknown {
    this.#enter(depth);
    this.#count(values.length);
    let copy: unknown[] | undefined;
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index];
      this.#path[depth] = index;
      const fit = this.#any(value, depth + 1);
      if (fit === value && copy === undefined) continue;
      copy ??= values.slice();
      copy[index] = fit;
    }
    return copy ?? values;
  }

  #record(record: object, depth: number, copied: boolean): unknown {
    const keys = Object.keys(record);
    this.#enter(depth);
    let copy: Record<string, unknown> | undefined = copied ? Object.create(null) : undefined;
    let fields = 0;
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const value = (record as Readonly<Record<string, unknown>>)[key];
      if (value === undefined) continue;
      fields += 1;
      this.#path[depth] = key;
      const fit = this.#any(value, depth + 1);
      if (fit === value && copy === undefined) continue;
      copy ??= firstFields(record as Readonly<Record<string, unknown>>, keys, index);
      copy[key] = fit;
    }
    this.#count(fields);
    return copy ?? record;
  }

  /** Bounds depth, which also ends cycles. */
  #enter(depth: number): void {
    if (depth >= this.#maxDepth) {
      throw new ServiceError(
        'InvalidArgument',
        `the value is nested more than ${this.#maxDepth} deep, or contains itself, and cannot be written as JSON`,
        { executed: 'no' },
      );
    }
  }

  /**
   * Bounds size: each element is at least one byte of text, so the sink's own limit ends the walk through a value whose
   * parts are shared so often that it would take for ever.
   */
  #count(elements: number): void {
    this.#elements += elements;
    if (this.#elements >= 65_536) this.#sink.ensure(this.#elements);
  }

  #refusal(kind: string, depth: number): ServiceError {
    const place = depth === 0 ? 'the value' : `the value at ${pathText(this.#path.slice(0, depth))}`;
    return new ServiceError('InvalidArgument', `${place} is ${kind}, which JSON cannot express`, { executed: 'no' });
  }

  #key(depth: number): string {
    return depth === 0 ? '' : String(this.#path[depth - 1]);
  }
}

/** Objects that `JSON.stringify` would write as `{}` or as a table of indices, losing what they hold. */
function unfitKind(value: object): string | undefined {
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return 'a buffer other than Uint8Array';
  return types.isWeakMap(value) || types.isWeakSet(value) ? 'a weak collection' : undefined;
}

/** The copy has no prototype, so that a key named `__proto__` is data in it too. */
function firstFields(record: Readonly<Record<string, unknown>>, keys: readonly string[], count: number) {
  const copy: Record<string, unknown> = Object.create(null);
  for (let index = 0; index < count; index += 1) copy[keys[index] as string] = record[keys[index] as string];
  return copy;
}

/** `.items[2].price`. Keys that do not look like names may be content themselves, and are not repeated. */
function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : nameLike.test(step) ? `.${step}` : '["…"]'))
    .join('');
}

const nameLike = /^[A-Za-z_$][\w$]{0,63}$/;
