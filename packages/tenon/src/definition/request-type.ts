import { type Schema, ServiceError } from '@tenon/contract';
import { emittedParameterTypes } from '../metadata.js';
import type { AnyClass } from './service-definition.js';

/**
 * The class of the value that a method takes: as its decorator says, else as the compiler emitted it.
 *
 * @param option - the name of the decorator's option that says it, for the error.
 * @throws ServiceError `FailedPrecondition` that names class, method and mend where it cannot be known.
 */
export function requestTypeOf(
  serviceClass: AnyClass,
  method: string,
  explicit: Schema | undefined,
  option: 'request' | 'event',
): Schema | undefined {
  if (explicit !== undefined) return explicit;
  const place = `${serviceClass.name}.${method}`;
  const emitted = emittedParameterTypes(serviceClass.prototype, method);
  if (emitted === undefined) {
    if (parameterCount(serviceClass, method) === 0) return undefined;
    throw new ServiceError(
      'FailedPrecondition',
      `${place}: ${missingMetadata} Or give the type: ${option}: TheClass.`,
      {
        executed: 'no',
      },
    );
  }
  const type = emitted[0];
  if (type === undefined) {
    if (emitted.length === 0) return undefined;
    throw erased(place, 'undefined (the files import each other)', option);
  }
  if (type === Object) throw erased(place, 'Object', option);
  if (builtIn.has(type)) throw erased(place, (type as AnyClass).name, option);
  return type as AnyClass;
}

/**
 * The same for a caller, who needs it only to be faster: undefined where it cannot be known, or is no class that a codec
 * could be compiled from.
 */
export function knownRequestType(
  serviceClass: AnyClass,
  method: string,
  explicit: Schema | undefined,
): Schema | undefined {
  if (explicit !== undefined) return explicit;
  const type = emittedParameterTypes(serviceClass.prototype, method)?.[0];
  return type === undefined || type === Object || builtIn.has(type) ? undefined : (type as AnyClass);
}

function parameterCount(serviceClass: AnyClass, method: string): number {
  const handler: unknown = Reflect.get(serviceClass.prototype, method);
  return typeof handler === 'function' ? handler.length : 0;
}

function erased(place: string, type: string, option: string): ServiceError {
  return new ServiceError(
    'FailedPrecondition',
    `${place}: the type of its parameter is ${type} at run time, which tells nothing about the value. An interface, a type alias, a union or a class imported by "import type" leaves nothing behind: write it as a class and import it plainly, or give ${option}: TheClass (or ${option}: anything for no check).`,
    { executed: 'no' },
  );
}

/** Said wherever emitted types are looked for and there are none. */
export const missingMetadata =
  'the compiler emitted no parameter types. Usual causes: tsx or esbuild (they never emit them: run with @oxc-node/core or tsc), "emitDecoratorMetadata" or "experimentalDecorators" missing from tsconfig.json, plain JavaScript.';

const builtIn: ReadonlySet<unknown> = new Set([
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Array,
  Function,
  Promise,
  Map,
  Set,
  Date,
]);
