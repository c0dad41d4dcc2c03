import type { JsonSchema } from '@tenon/contract';
import type { DescribedClass, DescribedField, DescribedType } from './messages/described-class.js';
import { refusal } from './messages/refusal.js';

/** The classes that a JSON Schema of Tenon's tells of, and the name of the one that it is about. */
export interface SchemaClasses {
  readonly root: string;
  readonly classes: readonly DescribedClass[];
}

/**
 * Reads the JSON Schema of a DTO class, as `jsonSchemaOf` of @tenon/schema writes it, back into classes.
 *
 * @param place - whose schema it is, for errors.
 */
export function describeSchemas(schema: JsonSchema, place: string): SchemaClasses {
  const nested = Object.entries(schema.$defs ?? {});
  const names = new Map<string, string>([['#', titleOf(schema, place)]]);
  for (const [key, one] of nested) names.set(`#/$defs/${key}`, titleOf(one, place));
  const classes = [schema, ...nested.map(([, one]) => one)].map((one) => describeClass(one, names, place));
  return { root: classes[0]?.name ?? '', classes };
}

function titleOf({ title }: JsonSchema, place: string): string {
  if (typeof title === 'string') return title;
  throw refusal(
    `${place} is described by a schema without a class, of which no message can be derived: use a DTO class`,
  );
}

function describeClass(schema: JsonSchema, names: ReadonlyMap<string, string>, place: string): DescribedClass {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]): DescribedField => {
    const { schema: told, nullable } = withoutNull(property);
    return { name, type: describeType(told, names), optional: !required.has(name), nullable };
  });
  return { name: titleOf(schema, place), fields };
}

function describeType(schema: JsonSchema, names: ReadonlyMap<string, string>): DescribedType {
  if (typeof schema.$ref === 'string') {
    const name = names.get(schema.$ref);
    return name === undefined ? { kind: 'any' } : { kind: 'record', name };
  }
  const values = schema.enum ?? (schema['const'] === undefined ? undefined : [schema['const']]);
  if (values !== undefined) return describeValues(values);
  if (schema['anyOf'] !== undefined) return { kind: 'union' };
  const exact = schema['x-tenon-type'];
  if (exact === 'date' || exact === 'bytes' || exact === 'bigint') return { kind: exact };
  if (schema.type === 'array') return { kind: 'array', items: describeType(schema.items ?? {}, names) };
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return { kind: 'map', values: describeType(schema.additionalProperties, names) };
  }
  const { type } = schema;
  if (type === 'string' || type === 'boolean' || type === 'integer' || type === 'number') return { kind: type };
  return { kind: 'any' };
}

function describeValues(values: readonly unknown[]): DescribedType {
  const present = values.filter((value) => value !== null);
  if (present.length > 0 && present.every((value) => typeof value === 'boolean')) return { kind: 'boolean' };
  const simple = present.filter((value) => typeof value === 'string' || typeof value === 'number');
  const told = simple.length === present.length && simple.length > 0;
  return told ? { kind: 'enum', values: [...new Set(simple)] } : { kind: 'any' };
}

/** What `@IsOptional` adds to a schema, taken away again. */
function withoutNull(schema: JsonSchema): { readonly schema: JsonSchema; readonly nullable: boolean } {
  const either = schema['anyOf'] as readonly JsonSchema[] | undefined;
  const [first, second] = either ?? [];
  if (either?.length === 2 && first !== undefined && second?.type === 'null') return { schema: first, nullable: true };
  const { type } = schema;
  if (Array.isArray(type) && type.length === 2 && type[1] === 'null') {
    return { schema: { ...schema, type: type[0] as string }, nullable: true };
  }
  return { schema, nullable: schema.enum?.includes(null) ?? false };
}
