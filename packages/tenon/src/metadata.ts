import 'reflect-metadata';

/**
 * The one place that reads and writes decorator metadata, and the one import of reflect-metadata.
 *
 * Everything a decorator says is kept on the decorated class itself, so that nothing is global.
 */
export function ownMetadata<T>(key: symbol | string, target: object): T | undefined {
  return Reflect.getOwnMetadata(key, target) as T | undefined;
}

/** What a class or the nearest of its ancestors says. */
export function inheritedMetadata<T>(key: symbol, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}

export function setMetadata(key: symbol, value: unknown, target: object): void {
  Reflect.defineMetadata(key, value, target);
}

/** Adds to a list that a class keeps of its own; a subclass starts with a copy of its parent's. */
export function appendMetadata<T>(key: symbol, item: T, target: object): void {
  setMetadata(key, [...(inheritedMetadata<readonly T[]>(key, target) ?? []), item], target);
}

/** The parameter types that the compiler emitted for a method or, without one, for the constructor. */
export function emittedParameterTypes(target: object, method?: string): readonly unknown[] | undefined {
  return method === undefined
    ? (Reflect.getOwnMetadata('design:paramtypes', target) as readonly unknown[] | undefined)
    : (Reflect.getMetadata('design:paramtypes', target, method) as readonly unknown[] | undefined);
}
