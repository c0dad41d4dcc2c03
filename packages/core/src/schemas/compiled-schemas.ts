import type { CompiledSchema, Schema, Validator } from '@tenon/contract';

/** Each schema compiled once, at its first use, and forgotten with it. */
export class CompiledSchemas {
  readonly #compiled = new WeakMap<Schema, CompiledSchema | undefined>();

  constructor(private readonly validator: Validator | undefined) {}

  /** Undefined for no schema, without a validator, and for a kind of schema that the validator does not know. */
  of(schema: Schema | undefined): CompiledSchema | undefined {
    if (schema === undefined) return undefined;
    if (!this.#compiled.has(schema)) this.#compiled.set(schema, this.validator?.compile(schema));
    return this.#compiled.get(schema);
  }
}
