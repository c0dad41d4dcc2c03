import type { JsonSchema, ValueRecord } from '@tenon/contract';
import { pointerNames } from '@tenon/contract/authoring';

/**
 * The short form of a JSON Schema that registry records have, as go-micro writes it: names and types of fields, at most
 * three levels deep.
 */
export function valueRecord(schema: JsonSchema): ValueRecord {
  const title = typeof schema.title === 'string' ? schema.title : 'object';
  return { name: title, type: title, values: fieldsOf(schema, schema, 1) };
}

function fieldsOf(schema: JsonSchema, root: JsonSchema, depth: number): readonly ValueRecord[] | null {
  if (depth >= maxDepth || schema.properties === undefined) return null;
  return Object.entries(schema.properties).map(([name, property]) => {
    const field = resolved(property, root);
    const element = field.items === undefined ? field : resolved(field.items, root);
    return {
      name,
      type: field.items === undefined ? typeName(field) : `[]${typeName(element)}`,
      values: fieldsOf(element, root, depth + 1),
    };
  });
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const [place, name, ...deeper] = pointerNames(schema.$ref) ?? ['elsewhere'];
  if (place === undefined) return root;
  const found = place === '$defs' && name !== undefined && deeper.length === 0 ? root.$defs?.[name] : undefined;
  return found ?? schema;
}

function typeName(schema: JsonSchema): string {
  if (typeof schema.title === 'string') return schema.title;
  if (typeof schema.type === 'string') return schema.type;
  return Array.isArray(schema.type) ? schema.type.join('|') : 'any';
}

const maxDepth = 3;
