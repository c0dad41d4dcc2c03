/**
 * Freezes plain objects and arrays to the bottom and returns the same value: what suites hand to providers, so that one
 * that changes its caller's objects fails with a `TypeError`.
 *
 * Bytes cannot be frozen and instances of classes are left alone; suites compare those with a copy instead.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  for (const key of Reflect.ownKeys(value)) frozen((value as Record<PropertyKey, unknown>)[key]);
  return Object.freeze(value);
}
