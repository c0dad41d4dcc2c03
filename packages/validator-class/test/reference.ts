import assert from 'node:assert/strict';
import { ServiceError } from '@tenon/contract';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { expect } from 'vitest';
import { type CompiledDto, compileDto } from '../src/index.js';

type Class = new () => object;

/** The errors are `undefined` where class-validator stumbles over the value (1e-7 under `maxDecimalPlaces`). */
interface Reference {
  readonly instance: object;
  readonly errors: ValidationError[] | undefined;
}

/** What class-transformer and class-validator make of a value: the measure of everything here. */
function reference(dto: Class, value: object): Reference {
  const instance = plainToInstance(dto, withoutUndefined(value) as object);
  try {
    return { instance, errors: validateSync(instance) };
  } catch {
    return { instance, errors: undefined };
  }
}

/** A class compiled in both ways: with generated readers and with closures only. */
export function inBothWays(dto: Class): readonly CompiledDto[] {
  return [compileDto(dto), compileDto(dto, { generateCode: false })];
}

/**
 * Asserts that a class compiled, in both ways, gives the same instance, verdict and error tree for a value, deep-equal with
 * prototypes, and that the value itself is as it was. Where class-validator throws, a compiled class refuses.
 */
export function assertSame(
  dto: Class,
  value: object,
  compiled: readonly CompiledDto[] = inBothWays(dto),
): ValidationError[] {
  const before = text(value);
  const expected = reference(dto, value);
  for (const { validate, errors } of compiled) {
    if (expected.errors !== undefined) expect(errors(value)).toStrictEqual(expected.errors);
    if (expected.errors?.length === 0) {
      expect(validate(value)).toStrictEqual(expected.instance);
    } else {
      assert.throws(
        () => validate(value),
        (error: unknown) =>
          error instanceof ServiceError && error.code === 'InvalidArgument' && error.executed === 'no',
      );
    }
  }
  assert.equal(text(value), before);
  return expected.errors ?? [];
}

function text(value: object): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}n` : one));
}

/** Tenon takes an undefined field for an absent one; class-transformer writes it over the field's default. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value instanceof Set) return new Set([...value].map(withoutUndefined));
  if (typeof value !== 'object' || value === null) return value;
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutUndefined(field)]));
}
