import type { DtoClass } from '@tenon/contract';
import { lineage, onlyToPlain, type TransformerStorage, type TypeMetadata } from './transformer-storage.js';

/** How class-transformer makes an instance of one class. */
export interface TypeReading {
  /** Whether its decorators could be read. */
  readonly known: boolean;
  /** Whether its decorators ask for something that only `plainToInstance` does, and what. */
  readonly transformer: string | undefined;
  /** What `@Type` turns each field's value into. */
  readonly types: ReadonlyMap<string, FieldType>;
  /** Fields whose value a `@Transform` may replace by anything. */
  readonly transformed: ReadonlySet<string>;
  /** Fields that come under another name (`@Expose({ name })`), and that name. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** The type of one field. */
export interface FieldType {
  /** The one class, or `undefined` where it is chosen per value. */
  readonly type: unknown;
  /** Every class that the field may hold, where they are known. */
  readonly classes: readonly DtoClass[] | undefined;
  /** How one of the classes is chosen per value, where a property tells it. */
  readonly discriminator?: Discriminator | undefined;
}

/** A property whose text tells the class of an object. */
export interface Discriminator {
  readonly property: string;
  readonly choices: readonly { readonly name: string; readonly dto: DtoClass }[];
}

/** Reads class-transformer's decorators of a class and its ancestors. Without a storage all is left to it. */
export function readTypes(dto: DtoClass, storage: TransformerStorage | undefined): TypeReading {
  if (storage === undefined) {
    const transformer = "class-transformer's metadata cannot be read";
    return { known: false, transformer, types: new Map(), transformed: new Set(), renamed: new Map() };
  }
  const metadata = typeMetadataOf(dto, storage);
  const types = new Map([...metadata].map(([name, type]) => [name, readType(type)]));
  const transformed = transformedFields(dto, storage);
  const [first] = transformed;
  const unusual = [...metadata.values()].find((type) => !isPlainType(type, types.get(type.propertyName)));
  const transformer =
    (first === undefined ? undefined : `${dto.name}.${first} has @Transform`) ??
    exposure(dto, storage) ??
    (unusual === undefined ? undefined : `${dto.name}.${unusual.propertyName} has a @Type that is chosen per value`);
  return { known: true, transformer, types, transformed, renamed: renamedFields(dto, storage) };
}

/** The types that class-transformer converts to by rules of their own. */
const convertibleTypes: ReadonlySet<unknown> = new Set<unknown>([String, Number, Boolean, Date, Buffer]);

/** Whether a value is a class that a user wrote, as opposed to a function or one of the language's own. */
export function isDtoClass(value: unknown): value is DtoClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && !nativeTypes.has(value);
}

const nativeTypes: ReadonlySet<unknown> = new Set<unknown>([
  ...[
    String,
    Number,
    Boolean,
    BigInt,
    Symbol,
    Object,
    Function,
    Array,
    Map,
    Set,
    WeakMap,
    WeakSet,
    Promise,
    Date,
    RegExp,
  ],
  ...[Error, Buffer, ArrayBuffer, DataView, Uint8Array, Object.getPrototypeOf(Uint8Array)],
]);

function typeMetadataOf(dto: DtoClass, storage: TransformerStorage): ReadonlyMap<string, TypeMetadata> {
  const found = new Map<string, TypeMetadata>();
  for (const one of lineage(dto)) {
    for (const [name, type] of storage._typeMetadatas.get(one) ?? []) {
      if (name !== undefined && !found.has(name)) found.set(name, type);
    }
  }
  return found;
}

function readType(metadata: TypeMetadata): FieldType {
  // A type function that looks at its argument chooses by the value; one that does not always answers the same.
  let looked = false;
  const options = new Proxy(
    {},
    {
      get() {
        looked = true;
        return undefined;
      },
    },
  );
  const type = metadata.typeFunction === undefined ? metadata.reflectedType : metadata.typeFunction(options);
  if (looked) return { type: undefined, classes: undefined };
  const { property, subTypes } = metadata.options?.discriminator ?? {};
  if (subTypes === undefined) return { type, classes: isDtoClass(type) ? [type] : [] };
  const classes = [type, ...subTypes.map((subType) => subType.value)].filter(isDtoClass);
  const choices = subTypes.flatMap(({ name, value }) =>
    typeof name === 'string' && isDtoClass(value) ? [{ name, dto: value }] : [],
  );
  const complete = typeof property === 'string' && choices.length === subTypes.length;
  return { type: undefined, classes, discriminator: complete ? { property, choices } : undefined };
}

/** Whether building needs nothing but "make each of these a T": no discriminator, no Map or Set of its own. */
function isPlainType(metadata: TypeMetadata, read: FieldType | undefined): boolean {
  if (read === undefined || !(convertibleTypes.has(read.type) || isDtoClass(read.type))) return false;
  const { reflectedType } = metadata;
  if (typeof reflectedType !== 'function' || reflectedType === Array) return true;
  const prototype: unknown = reflectedType.prototype;
  if (reflectedType === Set || reflectedType === Map || reflectedType === Promise) return false;
  return !(typeof prototype === 'object' && prototype !== null && 'push' in prototype);
}

function transformedFields(dto: DtoClass, storage: TransformerStorage): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const one of lineage(dto)) {
    for (const [name, transforms] of storage._transformMetadatas.get(one) ?? []) {
      if (name !== undefined && !transforms.every(onlyToPlain)) fields.add(name);
    }
  }
  return fields;
}

function renamedFields(dto: DtoClass, storage: TransformerStorage): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const one of lineage(dto)) {
    for (const [field, expose] of storage._exposeMetadatas.get(one) ?? []) {
      const name = expose.options?.name;
      if (field !== undefined && typeof name === 'string' && !onlyToPlain(expose) && !names.has(field)) {
        names.set(field, name);
      }
    }
  }
  return names;
}

function exposure(dto: DtoClass, storage: TransformerStorage): string | undefined {
  for (const one of lineage(dto)) {
    if ((storage._exposeMetadatas.get(one)?.size ?? 0) > 0) return `${dto.name} has @Expose`;
    for (const [name, exclude] of storage._excludeMetadatas.get(one) ?? []) {
      if (name === undefined || !onlyToPlain(exclude)) return `${dto.name} has @Exclude`;
    }
  }
  return undefined;
}
