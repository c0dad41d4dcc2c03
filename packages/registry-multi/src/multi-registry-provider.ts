import { Clock, type Dependency, isProvider, Logger, type Provider, provide, Registry } from '@tenon/contract';
import { type MultiOptions, type MultiPart, resolveMultiOptions } from './multi-options.js';
import { MultiRegistry } from './multi-registry.js';

/**
 * Several registries as one: this process registers in all that it writes, and knows what all that it reads know. A fleet moves
 * from one registry to another by it, one process after the other, while calls go on.
 *
 * @example
 * modules: [multiRegistry(etcdRegistry(), consulRegistry())]; // reads and writes both
 * @example
 * const [from, to] = [etcdRegistry(), consulRegistry()];
 * modules: [multiRegistry({ write: [from, to], read: [from] })]; // the first step of a move
 *
 * @throws ServiceError `InvalidArgument`, naming the option.
 */
export function multiRegistry(...registries: readonly Provider<Registry>[]): Provider<Registry>;
export function multiRegistry(options: MultiOptions): Provider<Registry>;
export function multiRegistry(...given: readonly (Provider<Registry> | MultiOptions)[]): Provider<Registry> {
  const [only] = given;
  const registries = given as readonly Provider<Registry>[];
  const isOptions = given.length === 1 && typeof only === 'object' && !isProvider(only);
  const { parts, patienceMs } = resolveMultiOptions(
    isOptions ? (only as MultiOptions) : { read: registries, write: registries },
  );
  const needs: readonly Dependency[] = parts.flatMap(({ provider }) => provider.dependencies);
  return provide(Registry, [Logger, Clock, ...needs], (logger, clock, ...resolved) => {
    const given = [...resolved];
    const made = parts.map((part) => ({ ...part, registry: make(part, given) }));
    return new MultiRegistry(made, patienceMs, logger, clock);
  });
}

/** Makes one part of what it needs, which stands first in the list and is taken out of it. */
function make({ provider }: MultiPart, given: unknown[]): Registry {
  const create = provider.create as (...dependencies: readonly unknown[]) => Registry;
  return create(...given.splice(0, provider.dependencies.length));
}
