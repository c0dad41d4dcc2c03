import type { DtoClass, JsonSchema } from '@tenon/contract';
import type { ResolvedOptions } from './class-validator-options.js';
import type { CompiledClass } from './compiled-class.js';
import type { Field } from './field-check.js';
import { isJsonScalar, keywordsOf, merge } from './json-schema-keywords.js';
import type { Rule } from './rule.js';
import { isOptional } from './schema-reader.js';
import type { FieldType } from './type-reader.js';

/**
 * The rules of a class as JSON Schema: what a caller may send. Nested classes stand under `$defs`, so that a class may nest
 * itself. Rules that JSON Schema cannot express, and rules of users, are left out.
 */
export function jsonSchemaOf(root: CompiledClass, options: ResolvedOptions): JsonSchema {
  const definitions = new Definitions(root);
  const schema = classSchema(root, definitions, options);
  const nested: Record<string, JsonSchema> = {};
  // Describing one may name further ones, which then stand at the end of the list.
  for (const [name, one] of definitions.named) nested[name] = classSchema(one, definitions, options);
  return definitions.named.size === 0 ? schema : { ...schema, $defs: nested };
}

/** Gives each nested class its name: that of the class, with a number where two share it. */
class Definitions {
  readonly named = new Map<string, CompiledClass>();
  readonly #root: CompiledClass;

  constructor(root: CompiledClass) {
    this.#root = root;
  }

  refer(dto: DtoClass): JsonSchema {
    if (dto === this.#root.dto) return { $ref: '#' };
    for (const [name, one] of this.named) if (one.dto === dto) return { $ref: `#/$defs/${name}` };
    const compiled = find(this.#root, dto);
    if (compiled === undefined) return { type: 'object', title: dto.name };
    let name = dto.name;
    for (let number = 2; this.named.has(name); number += 1) name = `${dto.name}${number}`;
    this.named.set(name, compiled);
    return { $ref: `#/$defs/${name}` };
  }
}

function classSchema(compiled: CompiledClass, definitions: Definitions, options: ResolvedOptions): JsonSchema {
  const { dto, fields, types } = compiled;
  const described = fields.map((field): [string, JsonSchema] => [field.name, describe(compiled, field, definitions)]);
  const typed = [...types.types].filter(([name]) => fields.every((field) => field.name !== name));
  for (const [name, type] of typed) described.push([name, typeSchema(dto, name, type, definitions, false)]);
  const required = fields.filter((field) => isRequired(compiled, field)).map((field) => field.name);
  return {
    title: dto.name,
    type: 'object',
    ...(described.length > 0 ? { properties: Object.fromEntries(described) } : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(options.unknownFields === 'refuse' && fields.length > 0 ? { additionalProperties: false } : {}),
  };
}

function describe(compiled: CompiledClass, field: Field, definitions: Definitions): JsonSchema {
  const known = [...field.defined, ...field.custom].filter((rule) => rule.predicate !== undefined);
  const say = (rules: readonly Rule[], start: JsonSchema) =>
    rules.reduce((schema, rule) => merge(schema, keywordsOf(rule.name, rule.metadata.constraints ?? []) ?? {}), start);
  const whole = say(
    known.filter((rule) => !rule.metadata.each),
    {},
  );
  const each = known.filter((rule) => rule.metadata.each);
  const isArray = whole.type === 'array' || each.length > 0 || field.reading.nested.some((nested) => nested.each);
  const type = typeSchema(compiled.dto, field.name, compiled.types.types.get(field.name), definitions, isArray);
  let schema = merge(whole, type);
  if (each.length > 0) schema = { ...schema, type: 'array', items: say(each, schema.items ?? {}) };
  if (schema.type === 'string' && known.some((rule) => rule.name === 'isNotEmpty' && !rule.metadata.each)) {
    schema = merge(schema, { minLength: 1 });
  }
  return withDefault(compiled, field, field.reading.conditions.some(isOptional) ? nullable(schema) : schema);
}

/** What `@Type` says of a field, else what the compiler noted (`design:type`), where it noted something. */
function typeSchema(
  dto: DtoClass,
  name: string,
  type: FieldType | undefined,
  definitions: Definitions,
  isArray: boolean,
): JsonSchema {
  const noted = designType(dto, name);
  const classes = (type?.classes ?? []).map((one) => definitions.refer(one));
  const item = classes.length > 1 ? { anyOf: classes } : (classes[0] ?? scalarSchemas.get(type?.type));
  if (isArray || noted === Array) return { type: 'array', ...(item === undefined ? {} : { items: item }) };
  return item ?? scalarSchemas.get(noted) ?? {};
}

const scalarSchemas: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [String, { type: 'string' }],
  [Number, { type: 'number' }],
  [Boolean, { type: 'boolean' }],
  [Date, { type: 'string', format: 'date-time' }],
]);

function designType(dto: DtoClass, name: string): unknown {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, property: string) => unknown };
  return getMetadata?.('design:type', dto.prototype as object, name);
}

/** A field must be sent if nothing stands in for it and some rule refuses its absence. */
function isRequired({ sample }: CompiledClass, field: Field): boolean {
  if (field.conditions.length > 0 || (sample as Record<string, unknown>)[field.name] !== undefined) return false;
  const rules = [...field.defined, ...field.custom].filter((rule) => rule.metadata.validateIf === undefined);
  return rules.some((rule) => rule.predicate?.(undefined) === false);
}

function nullable(schema: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined || schema['anyOf'] !== undefined || schema['const'] !== undefined) {
    return { anyOf: [schema, { type: 'null' }] };
  }
  const values = schema.enum === undefined ? {} : { enum: [...schema.enum, null] };
  return typeof schema.type === 'string'
    ? { ...schema, ...values, type: [schema.type, 'null'] }
    : { ...schema, ...values };
}

/** The default that the class gives a field, if it is the same in each instance. */
function withDefault({ dto, sample }: CompiledClass, field: Field, schema: JsonSchema): JsonSchema {
  const value = (sample as Record<string, unknown>)[field.name];
  if (value === undefined || !isJsonScalar(value)) return schema;
  const again = new (dto as new () => Record<string, unknown>)()[field.name];
  return again === value ? { ...schema, default: value } : schema;
}

function find(root: CompiledClass, dto: DtoClass): CompiledClass | undefined {
  const seen = new Set([root]);
  for (const one of seen) {
    if (one.dto === dto) return one;
    for (const nested of one.nested) seen.add(nested);
  }
  return undefined;
}
