import { expect, test } from 'vitest';
import { HelloRequest, helloSchema, NameValidator, Unknown } from '../../test/name-validator.js';
import { CompiledSchemas } from './compiled-schemas.js';

test('each schema is compiled once, also one that the validator does not know', () => {
  const validator = new NameValidator();
  const schemas = new CompiledSchemas(validator);
  expect(schemas.of(HelloRequest)).toBe(schemas.of(HelloRequest));
  expect(schemas.of(HelloRequest)?.jsonSchema).toBe(helloSchema);
  expect([schemas.of(Unknown), schemas.of(Unknown)]).toEqual([undefined, undefined]);
  expect(validator.compiled).toEqual([HelloRequest, Unknown]);
});

test('without a schema or a validator nothing is checked', () => {
  expect(new CompiledSchemas(new NameValidator()).of(undefined)).toBeUndefined();
  expect(new CompiledSchemas(undefined).of(HelloRequest)).toBeUndefined();
});
