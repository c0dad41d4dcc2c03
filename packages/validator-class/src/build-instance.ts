import { type DtoClass, ServiceError } from '@tenon/contract';
import { isAssignable } from '@tenon/schema';
import { plainToInstance } from 'class-transformer';
import type { UnknownFields } from './class-validator-options.js';
import type { Build, Conversion } from './convert.js';
import { copyForTransformer, copyUntyped, isForbiddenKey, type PlainRecord } from './plain-data.js';
import { refusal, typeOf } from './violations.js';

/** What making an instance of a class takes. */
export interface Shape {
  readonly dto: DtoClass;
  /** How each known field is converted. Fields that cannot be set are not among them. */
  readonly conversions: ReadonlyMap<string, Conversion>;
  readonly unknownFields: UnknownFields;
}

/**
 * A builder that does what `plainToInstance` does for a class without transformations: `new`, then each field that came,
 * converted to its `@Type`. A field that is absent or undefined keeps what the class gives it.
 *
 * @param onUnknown - told of the keys that no rule knows, where these are refused.
 */
export function compileBuild(shape: Shape, onUnknown: (instance: object, keys: readonly string[]) => void): Build {
  const create = shape.dto as new () => PlainRecord;
  const { conversions, unknownFields } = shape;
  return (given) => {
    const input = given as PlainRecord;
    const instance = new create();
    const unknown: string[] = [];
    for (const key of Object.keys(input)) {
      const value = input[key];
      if (value === undefined) continue;
      const conversion = conversions.get(key);
      if (conversion !== undefined) instance[key] = convertBy(conversion, value);
      else if (unknownFields !== 'strip' && takeUnknown(instance, key, value)) unknown.push(key);
    }
    if (unknownFields === 'refuse' && unknown.length > 0) onUnknown(instance, unknown);
    return instance;
  };
}

/**
 * A builder that leaves the work to class-transformer, on a copy of the value. A `@Transform` runs before any rule, on
 * whatever came: where it throws, what came was wrong, and the builder throws `InvalidArgument` (rule `transform`).
 */
export function transformerBuild(dto: DtoClass): Build {
  const create = dto as new () => object;
  return (input) => {
    try {
      return plainToInstance(create, copyForTransformer(input) as object);
    } catch (thrown) {
      if (thrown instanceof ServiceError) throw thrown;
      const message = `${dto.name} cannot be made from this value`;
      throw refusal(dto.name, [{ field: '', rule: 'transform', message, valueType: typeOf(input) }], thrown);
    }
  };
}

/** Sets a field that no rule knows, unless its key reaches a prototype or is the class's own affair. Tells whether it did. */
export function takeUnknown(instance: PlainRecord, key: string, value: unknown): boolean {
  if (isForbiddenKey(key) && !Object.hasOwn(instance, key)) return false;
  if (!isAssignable(instance, key)) return false;
  instance[key] = copyUntyped(value);
  return true;
}

function convertBy({ fromScalar, fromObject }: Conversion, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return fromObject(value);
  return fromScalar === undefined ? value : fromScalar(value);
}
