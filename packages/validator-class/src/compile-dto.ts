import type { CompiledSchema, DtoClass } from '@tenon/contract';
import { jsonSchemaOf, pending } from '@tenon/schema';
import { ValidationError, type ValidatorOptions, validate, validateSync } from 'class-validator';
import {
  type ClassValidatorOptions,
  type ResolvedOptions,
  resolveClassValidatorOptions,
} from './class-validator-options.js';
import { ClassCompiler, type CompiledClass } from './compiled-class.js';
import { isForeign, isPlain } from './plain-data.js';
import { refusal, violationsOf } from './violations.js';

/** A compiled DTO class, with what tests and tools want to see of it. */
export interface CompiledDto<T = unknown> extends CompiledSchema<T> {
  /**
   * The error tree that `validateSync(plainToInstance(Dto, value))` gives, deep-equal, without throwing; empty for a valid
   * value. Like `validateSync` it leaves asynchronous rules out. Never shortened.
   */
  readonly errors: (value: unknown) => ValidationError[];
  /**
   * What is not run by compiled code but by class-validator or class-transformer, and why, one line each. Empty for most
   * classes. Lines that begin with `whole:` are about the class with all that it nests.
   */
  readonly handedOver: readonly string[];
}

/**
 * Compiles one DTO class outside of an application: for tests, scripts and benchmarks. Throws `FailedPrecondition` for a
 * class that cannot work, naming class, field and mend.
 */
export function compileDto<T>(dto: DtoClass<T>, options?: ClassValidatorOptions): CompiledDto<T> {
  const resolved = resolveClassValidatorOptions(options);
  return compileWith(new ClassCompiler(resolved), dto, resolved);
}

/** Compiles one DTO class with a compiler that keeps what it nests for the next. */
export function compileWith<T>(compiler: ClassCompiler, dto: DtoClass<T>, options: ResolvedOptions): CompiledDto<T> {
  const compiled = compiler.compile(dto);
  const family = familyOf(compiled);
  const whole = family.flatMap((one) => one.handedOver ?? []);
  const transformed = family.flatMap((one) => one.types.transformer ?? []);
  // What came under which key is class-transformer's secret: refusing or dropping fields is then class-validator's too.
  const whitelist = options.unknownFields !== 'keep' && transformed.length > 0;
  const asynchronous = whole.some((one) => one.asynchronous);
  const byClassValidator = compiled.fields.length > 0 && (whole.length > 0 || whitelist);
  const engine = byClassValidator ? handedOverEngine(compiled, asynchronous, options) : compiledEngine(compiled);
  const handedOver = Object.freeze([
    ...whole.map(({ reason }) => `whole: ${reason}`),
    ...transformed.map((reason) => `${whitelist ? 'whole' : 'building'}: ${reason}`),
    ...family.flatMap(opaqueRules),
  ]);
  const planned = handedOver.length === 0 && family.every((one) => one.plan !== undefined);
  return Object.freeze({
    validate: (value: unknown) => {
      if (isRecord(value)) return engine.validate(value);
      throw refusal(dto.name, violationsOf([notAnObject(dto, value)]));
    },
    errors: (value: unknown) => (isRecord(value) ? engine.errors(value) : [notAnObject(dto, value)]),
    jsonSchema: jsonSchemaOf(dto, { reader: compiler.reader, closed: options.unknownFields === 'refuse' }),
    plan: planned ? compiled.plan : undefined,
    handedOver,
  }) as CompiledDto<T>;
}

/** What stands behind a compiled DTO once it is clear that an object came. */
interface Engine {
  readonly validate: (value: object) => object | Promise<object>;
  readonly errors: (value: object) => ValidationError[];
}

function compiledEngine({ dto, read, build, explain }: CompiledClass): Engine {
  // Once a rule answered with a promise, every further value goes to class-validator at once.
  let asynchronous = false;
  const validateExactly = (value: object): object => {
    const instance = build(value);
    return settle(dto, instance, explain(instance));
  };
  const validateLater = async (value: object): Promise<object> => {
    const instance = build(value);
    return settle(dto, instance, await validate(instance));
  };
  return {
    validate: (value) => {
      if (asynchronous) return validateLater(value);
      try {
        return (isPolluted() ? undefined : read(value)) ?? validateExactly(value);
      } catch (thrown) {
        if (thrown !== pending) throw thrown;
        asynchronous = true;
        return validateLater(value);
      }
    },
    errors: (value) => {
      const instance = build(value);
      try {
        return explain(instance);
      } catch (thrown) {
        if (thrown !== pending) throw thrown;
        return validateSync(instance);
      }
    },
  };
}

function handedOverEngine({ dto, build }: CompiledClass, asynchronous: boolean, options: ResolvedOptions): Engine {
  const { unknownFields } = options;
  const validatorOptions: ValidatorOptions =
    unknownFields === 'keep' ? {} : { whitelist: true, forbidNonWhitelisted: unknownFields === 'refuse' };
  const errors = (instance: object) => validateSync(instance, validatorOptions);
  return {
    validate: (value) => {
      const instance = build(value);
      if (!asynchronous) return settle(dto, instance, errors(instance));
      return validate(instance, validatorOptions).then((late) => settle(dto, instance, late));
    },
    errors: (value) => errors(build(value)),
  };
}

function settle(dto: DtoClass, instance: object, errors: readonly ValidationError[]): object {
  if (errors.length === 0) return instance;
  throw refusal(dto.name, violationsOf(errors));
}

/** Whether someone gave all objects an enumerable member, which a `for…in` over plain data would then meet. */
function isPolluted(): boolean {
  for (const _ in nothing) return true;
  return false;
}

const nothing = Object.freeze({});

/** What a DTO is made from: plain data, or an instance of a user's class. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return isPlain(value) || !(Array.isArray(value) || isForeign(value));
}

function notAnObject(dto: DtoClass, value: unknown): ValidationError {
  const error = Object.assign(new ValidationError(), { value, property: '', children: [] });
  error.constraints = { isObject: `${dto.name} must be an object` };
  return error;
}

/** A class and all that it nests. */
function familyOf(root: CompiledClass): readonly CompiledClass[] {
  const family = new Set([root]);
  for (const one of family) {
    for (const nested of one.nested) family.add(nested);
  }
  return [...family];
}

function opaqueRules({ dto, fields }: CompiledClass): readonly string[] {
  return fields.flatMap((field) =>
    [...field.defined, ...field.custom]
      .filter((rule) => rule.predicate === undefined)
      .map((rule) => `rule: ${dto.name}.${field.name} ${rule.name}`),
  );
}
