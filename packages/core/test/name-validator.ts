import { type CompiledSchema, type JsonSchema, type Schema, ServiceError, type Validator } from '@tenon/contract';

/** A DTO. */
export class HelloRequest {
  name!: string;
}

/** A schema that the validator does not know. */
export class Unknown {}

/** A validator that knows `HelloRequest` and has one rule, and counts how often it compiles. */
export class NameValidator implements Validator {
  readonly compiled: Schema[] = [];

  compile<T>(schema: Schema<T>): CompiledSchema<T> | undefined {
    this.compiled.push(schema);
    if (schema !== (HelloRequest as Schema)) return undefined;
    return { jsonSchema: helloSchema, validate: (value) => Object.assign(new HelloRequest(), checked(value)) as T };
  }
}

export const helloSchema: JsonSchema = Object.freeze({
  type: 'object',
  title: 'HelloRequest',
  properties: Object.freeze({ name: Object.freeze({ type: 'string' }) }),
});

function checked(value: unknown): { readonly name: string } {
  if (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string')
    return { name: value.name };
  // Says nothing about `executed`, as validators need not.
  throw new ServiceError('InvalidArgument', 'HelloRequest is not valid: name must be a string');
}
