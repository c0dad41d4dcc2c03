/** @typedef {Record<string, any>} Schema */

/**
 * A schema as a person reads it: a type in short, with the fields of an object on lines of their own.
 *
 * @param {Schema | boolean} schema
 * @param {Schema} schemas those that references name
 * @param {readonly string[]} within the names of those that this one is part of
 * @param {string} indent
 * @returns {string}
 */
export function schemaText(schema, schemas, within = [], indent = '') {
  if (typeof schema === 'boolean') return schema ? 'anything' : 'nothing';
  const nested = (/** @type {Schema | boolean} */ inner, more = '') =>
    schemaText(inner, schemas, within, indent + more);
  const name = nameOf(schema.$ref);
  if (name !== undefined) {
    const target = schemas[name];
    if (target === undefined || within.includes(name)) return name;
    return `${name} ${schemaText(target, schemas, [...within, name], indent)}`.trimEnd();
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  for (const [keyword, mark] of [
    ['anyOf', ' | '],
    ['oneOf', ' | '],
    ['allOf', ' & '],
  ]) {
    const parts = schema[keyword ?? ''];
    if (Array.isArray(parts)) return parts.map((part) => nested(part)).join(mark);
  }
  if (schema.items !== undefined) return `${nested(schema.items)}[]${rulesText(schema)}`;
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) {
    const lines = fields.map(([field, inner]) => {
      const mark = (schema.required ?? []).includes(field) ? '' : '?';
      const said = inner.description ? `  // ${inner.description.replaceAll(/\s+/g, ' ')}` : '';
      return `${indent}  ${field}${mark}: ${nested(inner, '  ')}${said}`;
    });
    return `{\n${lines.join('\n')}\n${indent}}`;
  }
  if (typeof schema.additionalProperties === 'object') return `{ [key]: ${nested(schema.additionalProperties)} }`;
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'anything');
  return `${type}${rulesText(schema)}`;
}

/** @param {Schema} schema */
function rulesText(schema) {
  const rules = Object.entries(schema).filter(([keyword, value]) => !silent.has(keyword) && typeof value !== 'object');
  return rules.length === 0 ? '' : ` (${rules.map(([keyword, value]) => `${keyword} ${value}`).join(', ')})`;
}

/**
 * A value to begin with: the schema's own example or default where it has one, else the least that its type wants.
 *
 * @param {Schema | boolean} schema
 * @param {Schema} schemas
 * @param {readonly string[]} within
 * @returns {unknown}
 */
export function sampleOf(schema, schemas, within = []) {
  if (typeof schema === 'boolean') return {};
  const name = nameOf(schema.$ref);
  if (name !== undefined)
    return within.includes(name) ? undefined : sampleOf(schemas[name] ?? {}, schemas, [...within, name]);
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  for (const keyword of ['example', 'default', 'const']) if (keyword in schema) return schema[keyword];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const [first] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (first !== undefined) return sampleOf(first, schemas, within);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'array') {
    const item = sampleOf(schema.items ?? {}, schemas, within);
    return item === undefined ? [] : [item];
  }
  if (type === 'string' && schema.format === 'date-time') return new Date(0).toISOString();
  if (type === 'string') return samples[schema.format] ?? ((schema.minLength ?? 0) > 0 ? 'text' : '');
  if (type === 'number' || type === 'integer') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  if (type === 'null') return null;
  const fields = Object.entries(schema.properties ?? {}).map(([field, inner]) => [
    field,
    sampleOf(inner, schemas, within),
  ]);
  return Object.fromEntries(fields);
}

/** @param {unknown} reference */
function nameOf(reference) {
  const start = '#/components/schemas/';
  return typeof reference === 'string' && reference.startsWith(start) ? reference.slice(start.length) : undefined;
}

const silent = new Set(['type', 'title', 'description', 'x-tenon-type']);
/** @type {Readonly<Record<string, string>>} */
const samples = { email: 'ada@example.com', uuid: '00000000-0000-4000-8000-000000000000', uri: 'https://example.com' };
