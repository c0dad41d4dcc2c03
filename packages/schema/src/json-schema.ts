import type { DtoClass, JsonSchema } from '@tenon/contract';
import { pointerToken } from '@tenon/contract/authoring';
import { isRefused, stableDefault } from './class-fields.js';
import type { ClassReading, FieldReading } from './class-reading.js';
import { designType } from './design-type.js';
import type { DtoType } from './dto-schema.js';
import { exactSchema } from './exact-schema.js';
import { keywordsOf, merge } from './json-schema-keywords.js';
import type { Rule } from './rule.js';
import { isOptional } from './rule-metadata.js';
import { SchemaReader } from './schema-reader.js';
import type { FieldType } from './type-reader.js';

/** How {@link jsonSchemaOf} goes about it. */
export interface JsonSchemaOptions {
  /** What reads the classes. Default: one that is forgotten afterwards. */
  readonly reader?: SchemaReader | undefined;
  /** Whether fields without rules are refused (`additionalProperties: false`), in classes that have any. Default false. */
  readonly closed?: boolean | undefined;
}

/**
 * The rules of a class as JSON Schema: what a caller may send. Nested classes stand under `$defs`, so that a class may nest
 * itself. Rules that JSON Schema cannot express, and rules of users, are left out.
 *
 * Throws `FailedPrecondition`, naming class and mend, for a class that nothing can be made of.
 */
export function jsonSchemaOf(dto: DtoClass, options: JsonSchemaOptions = {}): JsonSchema {
  const { reader = new SchemaReader(), closed = false } = options;
  const root = reader.readClass(dto);
  const definitions = new Definitions(root, reader);
  const schema = classSchema(root, definitions, closed);
  const nested: Record<string, JsonSchema> = {};
  // Describing one may name further ones, which then stand at the end of the list.
  for (const [name, one] of definitions.named) nested[name] = classSchema(one, definitions, closed);
  return definitions.named.size === 0 ? schema : { ...schema, $defs: nested };
}

/** Gives each nested class its name: that of the class, with a number where two share it. */
class Definitions {
  readonly named = new Map<string, ClassReading>();
  readonly #root: ClassReading;
  readonly #reader: SchemaReader;

  constructor(root: ClassReading, reader: SchemaReader) {
    this.#root = root;
    this.#reader = reader;
  }

  refer(dto: DtoClass): JsonSchema {
    if (dto === this.#root.dto) return { $ref: '#' };
    for (const [name, one] of this.named) if (one.dto === dto) return { $ref: `#/$defs/${pointerToken(name)}` };
    let name = dto.name;
    for (let number = 2; this.named.has(name); number += 1) name = `${dto.name}${number}`;
    this.named.set(name, this.#reader.readClass(dto));
    return { $ref: `#/$defs/${pointerToken(name)}` };
  }

  /** What a field is known to hold; undefined for one that comes under another name than it has in the class. */
  typeOf(dto: DtoClass, name: string): DtoType | undefined {
    return this.#reader.read(dto).fields.find((field) => field.name === name)?.type;
  }
}

function classSchema(reading: ClassReading, definitions: Definitions, closed: boolean): JsonSchema {
  const { dto, fields, types } = reading;
  const exact = (name: string, schema: JsonSchema): JsonSchema => exactSchema(schema, definitions.typeOf(dto, name));
  const described = fields.map((field): [string, JsonSchema] => [field.name, describe(reading, field, definitions)]);
  const typed = [...types.types].filter(([name]) => fields.every((field) => field.name !== name));
  for (const [name, type] of typed)
    described.push([name, exact(name, typeSchema(dto, name, type, definitions, false))]);
  const required = fields.filter((field) => isRequired(reading, field)).map((field) => field.name);
  return {
    title: dto.name,
    type: 'object',
    ...(described.length > 0 ? { properties: Object.fromEntries(described) } : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(closed && fields.length > 0 ? { additionalProperties: false } : {}),
  };
}

function describe(reading: ClassReading, field: FieldReading, definitions: Definitions): JsonSchema {
  const known = rulesOf(field).filter((rule) => rule.predicate !== undefined);
  const say = (rules: readonly Rule[], start: JsonSchema) =>
    rules.reduce((schema, rule) => merge(schema, keywordsOf(rule.name, rule.metadata.constraints ?? []) ?? {}), start);
  const whole = say(
    known.filter((rule) => !rule.metadata.each),
    {},
  );
  const each = known.filter((rule) => rule.metadata.each);
  const isArray = whole.type === 'array' || each.length > 0 || field.nested.some((nested) => nested.each);
  const type = typeSchema(reading.dto, field.name, reading.types.types.get(field.name), definitions, isArray);
  let schema = merge(whole, type);
  if (each.length > 0) schema = { ...schema, type: 'array', items: say(each, schema.items ?? {}) };
  if (schema.type === 'string' && known.some((rule) => rule.name === 'isNotEmpty' && !rule.metadata.each)) {
    schema = merge(schema, { minLength: 1 });
  }
  schema = exactSchema(schema, definitions.typeOf(reading.dto, field.name));
  const fallback = stableDefault(reading, field.name);
  const said = field.conditions.some(isOptional) ? nullable(schema) : schema;
  return fallback === undefined ? said : { ...said, default: fallback };
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

/**
 * What JSON has no type for, as codecs with more types carry it: `date`, `bigint` or `bytes`. Of a date the keywords beside it say how it goes
 * in JSON; of the others JSON knows nothing.
 */
export const tenonType = 'x-tenon-type';

const scalarSchemas: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [String, { type: 'string' }],
  [Number, { type: 'number' }],
  [Boolean, { type: 'boolean' }],
  [Date, { type: 'string', format: 'date-time', [tenonType]: 'date' }],
  [BigInt, { [tenonType]: 'bigint' }],
  [Uint8Array, { [tenonType]: 'bytes' }],
  [Buffer, { [tenonType]: 'bytes' }],
]);

/** A field must be sent if nothing stands in for it and some rule refuses its absence. */
function isRequired({ sample }: ClassReading, field: FieldReading): boolean {
  return (sample as Record<string, unknown>)[field.name] === undefined && isRefused(field, undefined);
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

function rulesOf({ rules }: FieldReading): readonly Rule[] {
  return [...rules.defined, ...rules.custom];
}
