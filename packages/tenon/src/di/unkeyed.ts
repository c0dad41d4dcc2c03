import { type Dependency, keyOf } from '@tenon/contract';

/**
 * Of bindings that stand side by side by a key, the last one of each key: that is how a module replaces one codec and
 * leaves the others. Order is that of binding; a replacement moves to the end. Anything else passes as it is.
 */
export function unkeyed(dependency: Dependency | undefined, resolved: unknown): unknown {
  if (dependency === undefined || typeof dependency === 'function' || !('all' in dependency)) return resolved;
  if (resolved === undefined) return [];
  const key = keyOf(dependency.all);
  return key === undefined || !Array.isArray(resolved) ? resolved : lastOfEach(resolved, key);
}

/** The last instance of each key, in order of binding. */
export function lastOfEach<T extends object>(instances: readonly T[], key: string): readonly T[] {
  const byKey = new Map<unknown, T>();
  for (const instance of instances) {
    const name: unknown = Reflect.get(instance, key);
    byKey.delete(name);
    byKey.set(name, instance);
  }
  return [...byKey.values()];
}
