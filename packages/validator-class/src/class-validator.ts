import { type CompiledSchema, type DtoClass, type Provider, provide, type Schema, Validator } from '@tenon/contract';
import { isDtoClass } from '@tenon/schema';
import {
  type ClassValidatorOptions,
  type ResolvedOptions,
  resolveClassValidatorOptions,
} from './class-validator-options.js';
import { type CompiledDto, compileWith } from './compile-dto.js';
import { ClassCompiler } from './compiled-class.js';
import { compileStandardSchema, isStandardSchema } from './standard-schema.js';

/**
 * The validator for DTO classes written with class-validator and class-transformer, and for Standard Schemas (zod,
 * valibot, arktype).
 *
 * @throws ServiceError `InvalidArgument` for an option out of range.
 */
export function classValidator(options?: ClassValidatorOptions): Provider<Validator> {
  const resolved = resolveClassValidatorOptions(options);
  return provide(Validator, [], () => new ClassValidator(resolved));
}

export class ClassValidator implements Validator {
  readonly #options: ResolvedOptions;
  readonly #compiler: ClassCompiler;
  readonly #compiled = new Map<Schema, CompiledSchema>();

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#compiler = new ClassCompiler(options);
  }

  compile<T>(schema: Schema<T>): CompiledSchema<T> | undefined {
    const known = this.#compiled.get(schema) as CompiledSchema<T> | undefined;
    if (known !== undefined) return known;
    const compiled = this.#compileOnce(schema);
    if (compiled !== undefined) this.#compiled.set(schema, compiled);
    return compiled;
  }

  #compileOnce<T>(schema: Schema<T>): CompiledSchema<T> | undefined {
    if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return undefined;
    if (isStandardSchema(schema)) return compileStandardSchema<T>(schema);
    return isDtoClass(schema) ? this.#compileClass(schema as DtoClass<T>) : undefined;
  }

  #compileClass<T>(dto: DtoClass<T>): CompiledDto<T> {
    return compileWith(this.#compiler, dto, this.#options);
  }
}
