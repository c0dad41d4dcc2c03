import type { JsonSchema } from '@tenon/contract';
import { isObject, isSubschema, type Subschema, tenonType } from '@tenon/schema';
import { documented, key, quoted } from './safe-text.js';

/** One definition as an exported type: an interface where it is an object with fields, else an alias. */
export function declarationText(
  name: string,
  schema: JsonSchema,
  lookUp: (name: string) => JsonSchema | undefined,
): string {
  const said = documented([textIn(schema.description)]);
  if (isPlainObject(schema)) return `${said}export interface ${name} ${fieldsText(schema, '')}`;
  const type = leadsToItself(name, lookUp) ? 'unknown' : typeText(schema, '');
  return `${said}export type ${name} = ${type};`;
}

/** A schema as a type. What a type cannot say is left out, so that it allows more than the schema does and never less. */
export function typeText(schema: Subschema | undefined, indent: string): string {
  if (schema === undefined || schema === true) return 'unknown';
  if (schema === false) return 'never';
  const parts = [
    ...(schema.$ref === undefined ? [] : [schema.$ref]),
    ...alternatives(schema['anyOf'], ' | ', indent),
    ...alternatives(schema['oneOf'], ' | ', indent),
    ...alternatives(schema['allOf'], ' & ', indent),
    ...ownType(schema, indent),
  ].filter((part) => part !== 'unknown');
  if (parts.length > 1) return [...new Set(parts)].map(inParentheses).join(' & ');
  return parts[0] ?? 'unknown';
}

function ownType(schema: JsonSchema, indent: string): readonly string[] {
  if (isObject(schema['not']) && Object.keys(schema['not']).length === 0) return ['never'];
  if ('const' in schema) return [literal(schema['const'])];
  if (Array.isArray(schema.enum)) return [union(schema.enum.map(literal))];
  const carried = typeof schema[tenonType] === 'string' ? carriedTypes.get(schema[tenonType]) : undefined;
  if (carried !== undefined)
    return [Array.isArray(schema.type) && schema.type.includes('null') ? `${carried} | null` : carried];
  if (schema.type === undefined) {
    if (isObject(schema.properties)) return [objectText(schema, indent)];
    return schema.items === undefined ? [] : [arrayText(schema, indent)];
  }
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return [union(types.map((type) => typeOf(type, schema, indent)))];
}

function typeOf(type: string, schema: JsonSchema, indent: string): string {
  if (type === 'object') return objectText(schema, indent);
  if (type === 'array') return arrayText(schema, indent);
  return scalars.get(type) ?? 'unknown';
}

/** An index signature must allow every field beside it, so where there are fields it allows anything. */
function objectText(schema: JsonSchema, indent: string): string {
  if (isPlainObject(schema)) return fieldsText(schema, indent);
  const more = schema.additionalProperties;
  const values = isObject(more) && !hasFields(schema) ? typeText(more, indent) : 'unknown';
  if (more === false && !hasFields(schema)) return 'Record<string, never>';
  const index = `{ [key: string]: ${values} }`;
  return hasFields(schema) ? `${fieldsText(schema, indent)} & ${index}` : index;
}

function fieldsText(schema: JsonSchema, indent: string): string {
  const inner = `${indent}  `;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const given = isSubschema(field) ? field : true;
    const said = isObject(given) ? documented([textIn(given['description']), ...deprecationOf(given)], inner) : '';
    return `${said}${inner}${key(name)}${required.includes(name) ? '' : '?'}: ${typeText(given, inner)};\n`;
  });
  return `{\n${fields.join('')}${indent}}`;
}

function arrayText(schema: JsonSchema, indent: string): string {
  const first: unknown = schema['prefixItems'] ?? (Array.isArray(schema.items) ? schema.items : undefined);
  if (Array.isArray(first)) {
    const rest = Array.isArray(schema.items) ? 'unknown' : typeText(schema.items as Subschema | undefined, indent);
    const firsts = first.map((item) => typeText(isSubschema(item) ? item : true, indent));
    return `[${[...firsts, ...(rest === 'never' ? [] : [`...${inParentheses(rest)}[]`])].join(', ')}]`;
  }
  return `${inParentheses(typeText(isSubschema(schema.items) ? schema.items : true, indent))}[]`;
}

function alternatives(schemas: unknown, mark: string, indent: string): readonly string[] {
  if (!Array.isArray(schemas) || schemas.length === 0) return [];
  const types = schemas.map((one) => typeText(isSubschema(one) ? one : true, indent));
  if (mark === ' | ') return [union(types)];
  const said = [...new Set(types)].filter((type) => type !== 'unknown');
  return said.length === 0 ? [] : [said.length === 1 ? (said[0] ?? '') : said.map(inParentheses).join(mark)];
}

function union(types: readonly string[]): string {
  const said = [...new Set(types)];
  if (said.includes('unknown')) return 'unknown';
  return said.length === 0
    ? 'never'
    : said.map((type) => (type.includes(' & ') ? inParentheses(type) : type)).join(' | ');
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : 'unknown';
}

/** A type that stands where a part of a union would be cut in two. Simple ones stay as they are. */
function inParentheses(type: string): string {
  return /^[\p{ID_Continue}$]+(?:\[\])*$|^'[^']*'$/u.test(type) || /^\{[^{}]*\}$/.test(type) ? type : `(${type})`;
}

/** Fields, and nothing that only an alias can say. Fields that the schema does not name may come all the same, as with any interface. */
function isPlainObject(schema: JsonSchema): boolean {
  const alone = ['$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', tenonType].every(
    (keyword) => !(keyword in schema),
  );
  const isObjectType = schema.type === undefined || schema.type === 'object';
  return alone && isObjectType && hasFields(schema) && !isObject(schema.additionalProperties);
}

function hasFields(schema: JsonSchema): boolean {
  return isObject(schema.properties) && Object.keys(schema.properties).length > 0;
}

/** An alias that is itself, by other aliases alone, is no type: TypeScript follows those that no object or list stands between. */
function leadsToItself(start: string, lookUp: (name: string) => JsonSchema | undefined): boolean {
  const seen = new Set<string>();
  const waiting = [start];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const schema = lookUp(name);
    if (schema === undefined || isPlainObject(schema)) continue;
    for (const next of aliased(schema)) {
      if (next === start) return true;
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  return false;
}

function aliased(schema: JsonSchema): readonly string[] {
  const parts = [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return [
    ...(schema.$ref === undefined ? [] : [schema.$ref]),
    ...parts.flatMap((part) => (isObject(part) ? aliased(part) : [])),
  ];
}

function deprecationOf(schema: JsonSchema): readonly string[] {
  return schema['deprecated'] === true ? ['@deprecated'] : [];
}

function textIn(description: unknown): string {
  return typeof description === 'string' ? description : '';
}

const scalars: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['integer', 'number'],
  ['boolean', 'boolean'],
  ['null', 'null'],
]);

/** What codecs carry that JSON has no type for. */
const carriedTypes: ReadonlyMap<string, string> = new Map([
  ['date', 'Date'],
  ['bigint', 'bigint'],
  ['bytes', 'Uint8Array'],
]);
