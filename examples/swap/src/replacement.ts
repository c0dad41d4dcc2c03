import { ContainerModule } from 'inversify';
import type { Module, Provider } from 'tenon';

/** One seam filled by something else. What the replacement notices goes into `seen`, which proves that it was used. */
export type Replacement = (seen: string[]) => Provider;

/**
 * A provider bound by hand in an inversify `ContainerModule`, as a team does that has modules of its own: same token, same
 * dependencies.
 */
export function asModule({ token, dependencies, create }: Provider): Module {
  return new ContainerModule(({ bind }) => {
    bind(token as never).toResolvedValue(create as never, dependencies.map(injected) as never);
  });
}

function injected(dependency: Provider['dependencies'][number]): object {
  if (typeof dependency === 'function') return { serviceIdentifier: dependency };
  if ('all' in dependency) return { serviceIdentifier: dependency.all, isMultiple: true, optional: true };
  return { serviceIdentifier: dependency.optional, optional: true };
}

/** `inner` with some methods changed: how a small change is made to a big seam. */
export function changing<T extends object>(inner: T, changed: Partial<T>): T {
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(property in changed ? changed : target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
