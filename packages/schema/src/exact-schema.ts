import type { JsonSchema } from '@tenon/contract';
import type { DtoType } from './dto-schema.js';

/**
 * Adds what JSON has no type for: `x-tenon-type` says that a text is a `date` or `bytes`, and an integer a `bigint`, so that
 * whoever has nothing but the schema knows the class's own type. A map becomes an object of what its values are.
 */
export function exactSchema(schema: JsonSchema, type: DtoType | undefined): JsonSchema {
  switch (type?.kind) {
    case 'date':
      return { ...schema, ...exactly('date', { type: 'string', format: 'date-time' }) };
    case 'bytes':
      return { ...schema, ...exactly('bytes', { type: 'string', contentEncoding: 'base64' }) };
    case 'bigint':
      return { ...schema, ...exactly('bigint', { type: 'integer' }) };
    case 'array':
      return exactItems(schema, type.items);
    case 'map':
      // A rule with `each` is about the values, which look like items to whoever does not know that it is a map.
      return { type: 'object', additionalProperties: exactSchema(schema.items ?? schema, type.values) };
    default:
      return schema;
  }
}

function exactItems(schema: JsonSchema, type: DtoType): JsonSchema {
  if (schema.type !== 'array') return schema;
  const items = exactSchema(schema.items ?? {}, type);
  return Object.keys(items).length === 0 ? schema : { ...schema, items };
}

function exactly(kind: string, schema: JsonSchema): JsonSchema {
  return { ...schema, 'x-tenon-type': kind };
}
