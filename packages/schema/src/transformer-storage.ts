import { createRequire } from 'node:module';
import type { DtoClass } from '@tenon/contract';
import { Expose } from 'class-transformer';

/** What `@Type` says about one field. */
export interface TypeMetadata {
  readonly propertyName: string;
  readonly reflectedType: unknown;
  readonly typeFunction: ((options?: unknown) => unknown) | undefined;
  readonly options?: { readonly discriminator?: DiscriminatorMetadata };
}

interface DiscriminatorMetadata {
  readonly property?: unknown;
  readonly subTypes?: readonly { readonly name?: unknown; readonly value: unknown }[];
}

/** Whether a decorator of class-transformer bears on building an instance from plain data. */
interface DirectionOptions {
  readonly options?: { readonly toClassOnly?: boolean; readonly toPlainOnly?: boolean; readonly name?: unknown };
}

type PerField<T> = Map<object, Map<string | undefined, T>>;

/** class-transformer's own store, in the shape that 0.5 has had since 2021. */
export interface TransformerStorage {
  readonly _typeMetadatas: PerField<TypeMetadata>;
  readonly _transformMetadatas: PerField<readonly DirectionOptions[]>;
  readonly _exposeMetadatas: PerField<DirectionOptions>;
  readonly _excludeMetadatas: PerField<DirectionOptions>;
}

/**
 * class-transformer's store of metadata, which it does not export, or `undefined` where it cannot be found or is not the
 * one that the decorators write to (a bundler may have taken another build of the package). Every class is then built by
 * `plainToInstance`: slower, never different.
 */
export function findTransformerStorage(): TransformerStorage | undefined {
  const storage = requireStorage();
  if (storage === undefined || !isStorage(storage)) return undefined;
  class Probe {}
  Expose()(Probe.prototype, 'field');
  return storage._exposeMetadatas.delete(Probe) ? storage : undefined;
}

/** A class and its ancestors, nearest first. */
export function lineage(dto: DtoClass): readonly object[] {
  const classes: object[] = [];
  for (let one: object | null = dto; one !== null && one !== Function.prototype; one = Object.getPrototypeOf(one)) {
    classes.push(one);
  }
  return classes;
}

/** `toPlainOnly` decorators have no say when an instance is built. */
export function onlyToPlain(metadata: DirectionOptions): boolean {
  return metadata.options?.toPlainOnly === true && metadata.options.toClassOnly !== true;
}

function requireStorage(): object | undefined {
  try {
    const loaded: unknown = createRequire(import.meta.url)('class-transformer/cjs/storage.js');
    return (loaded as { readonly defaultMetadataStorage?: object }).defaultMetadataStorage;
  } catch {
    return undefined; // Bundled, or a version that keeps it elsewhere: the caller has a way without it.
  }
}

function isStorage(storage: object): storage is TransformerStorage {
  const maps = ['_typeMetadatas', '_transformMetadatas', '_exposeMetadatas', '_excludeMetadatas'];
  return maps.every((name) => (storage as Record<string, unknown>)[name] instanceof Map);
}
