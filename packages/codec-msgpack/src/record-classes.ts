/**
 * The classes whose instances hold nothing but their own fields, found once for each: to ask the engine about each
 * instance whether it is a `Map`, a `Promise`, … costs more than to write it.
 *
 * An object of such a built-in kind that is given the prototype of such a class afterwards passes for an instance of it.
 */
export class RecordClasses {
  readonly #prototypes = new WeakSet<object>();

  has(prototype: object): boolean {
    return this.#prototypes.has(prototype);
  }

  /** Learns from an instance that was found to be of no built-in kind. */
  add(prototype: object): void {
    if (inheritsFromClassesAlone(prototype)) this.#prototypes.add(prototype);
  }
}

/** Whether nothing that the engine provides stands between the prototype and `Object`. */
function inheritsFromClassesAlone(prototype: object): boolean {
  for (let at: object | null = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (at === null || !isPrototypeOfClass(at)) return false;
  }
  return true;
}

function isPrototypeOfClass(prototype: object): boolean {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof made !== 'function' || made.prototype !== prototype) return false;
  return !Function.prototype.toString.call(made).endsWith('{ [native code] }');
}
