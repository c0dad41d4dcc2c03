/** Whether `Object.prototype` has no enumerable property, which would turn up in every loop over an object. */
export function inheritsNothing(): boolean {
  for (const _ in Object.prototype) return false;
  return true;
}

/** Whether every object has a property of that name, which reading and setting could take for a field. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** Sets a field as data of the object itself, whatever it inherits. */
export function setOwn(record: object, name: string, value: unknown): void {
  Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}
