/** A class, abstract or not: TypeScript's interface and the container's token in one. */
export type Token<T = unknown> = abstract new (...args: never[]) => T;

/** A token as a dependency of which every binding is wanted, as a list. Made by {@link all}. */
export interface All<T> {
  readonly all: Token<T>;
}

/** A token as a dependency that may be missing. Made by {@link optional}. */
export interface Optional<T> {
  readonly optional: Token<T>;
}

/** What a provider may depend on. */
export type Dependency<T = unknown> = Token<T> | All<T> | Optional<T>;

/** What a dependency is handed over as. */
export type Resolved<D> =
  D extends All<infer T>
    ? readonly T[]
    : D extends Optional<infer T>
      ? T | undefined
      : D extends Token<infer T>
        ? T
        : never;

/**
 * A recipe for one instance, as plain data: which seam it fills, what it needs, and how to make it. Applications list
 * providers in `modules`; nothing happens before the application resolves it, once.
 */
export interface Provider<T = unknown> {
  readonly token: Token<T>;
  readonly dependencies: readonly Dependency[];
  readonly create: (...dependencies: never[]) => T;
}

/** Depends on every binding of a token, in the order in which they were bound. */
export function all<T>(token: Token<T>): All<T> {
  return Object.freeze({ all: token });
}

/** Depends on a token's binding if there is one. */
export function optional<T>(token: Token<T>): Optional<T> {
  return Object.freeze({ optional: token });
}

/**
 * Makes a provider. The application calls `create` at most once and closes what it returned (see `Lifecycle`).
 *
 * `create` must do no I/O: connecting belongs into `start`.
 *
 * @example
 * export const consulRegistry = (options: ConsulOptions = {}): Provider<Registry> =>
 *   provide(Registry, [Logger, Clock], (logger, clock) => new ConsulRegistry(options, logger, clock));
 */
export function provide<T, const D extends readonly Dependency[]>(
  token: Token<T>,
  dependencies: D,
  create: (...dependencies: { readonly [I in keyof D]: Resolved<D[I]> }) => NoInfer<T>,
): Provider<T> {
  const provider: Omit<Provider<T>, 'create'> = { token, dependencies: Object.freeze([...dependencies]) };
  return Object.freeze({ ...provider, create: create as Provider<T>['create'], [brand]: true });
}

/**
 * A provider whose instance is put inside another of the same seam: how a part is watched or changed a little without
 * being written anew. Needs what the inner provider needs.
 *
 * @example
 * modules: [wrapped(memoryRegistry(), (registry) => new CountingRegistry(registry))]
 */
export function wrapped<T>(provider: Provider<T>, wrap: (inner: T) => NoInfer<T>): Provider<T> {
  const { token, dependencies } = provider;
  const create = provider.create as (...dependencies: readonly unknown[]) => T;
  return provide(token, dependencies, (...resolved) => wrap(create(...resolved)));
}

/** Whether a value is a provider, also one made by another installed copy of this package. */
export function isProvider(value: unknown): value is Provider {
  return typeof value === 'object' && value !== null && brand in value;
}

const brand: unique symbol = Symbol.for('tenon.Provider') as never;
