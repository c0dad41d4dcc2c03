import { types } from 'node:util';

/**
 * Tells the objects that are nothing but their fields, and whether all fields are ones that a layout has.
 *
 * What is learned from one object makes the next of its kind cheap: prototypes that were found fit, and the order in which
 * the keys came.
 */
export class RecordObjects {
  readonly #known: ReadonlySet<string>;
  readonly #prototypes = new WeakSet<object>();
  #lastPrototype: object | undefined;
  /** Keys that are all known, in the order in which an object had them. */
  order: readonly string[] = [];

  /** @param names - of the fields. Empty for objects whose keys are data. */
  constructor(names: readonly string[] = []) {
    this.#known = new Set(names);
  }

  /** Whether an object that is not a plain one is an instance that is written as its own fields. */
  isRecord(value: object, prototype: object): boolean {
    if (prototype !== this.#lastPrototype && !this.#fits(value, prototype)) return false;
    return typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function';
  }

  /** How many enumerable keys an object has; −1 where one of them is not known. */
  countKeys(value: object): number {
    const keys: string[] = [];
    for (const key in value) {
      if (!this.#known.has(key)) return -1;
      keys.push(key);
    }
    this.order = keys;
    return keys.length;
  }

  #fits(value: object, prototype: object): boolean {
    if (!this.#prototypes.has(prototype)) {
      if (Array.isArray(value) || isBuiltIn(value) || this.#givesFields(prototype)) return false;
      this.#prototypes.add(prototype);
    }
    this.#lastPrototype = prototype;
    return true;
  }

  /** Whether an instance would seem to have fields that are not its own: accessors, methods, defaults of an old class. */
  #givesFields(prototype: object): boolean {
    for (const _ in prototype) return true;
    for (const name of this.#known) if (name in prototype && !(name in Object.prototype)) return true;
    return false;
  }
}

/** Objects whose own fields are not what they hold. */
function isBuiltIn(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isDate(value) ||
    types.isBoxedPrimitive(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isPromise(value) ||
    types.isNativeError(value) ||
    types.isRegExp(value)
  );
}
