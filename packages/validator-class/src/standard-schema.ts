import type { CompiledSchema, JsonSchema, StandardResult, StandardSchema, Violation } from '@tenon/contract';
import { maxViolations, refusal, step, typeOf } from './violations.js';

type Issue = NonNullable<StandardResult<unknown>['issues']>[number];

/** Whether a value is a schema of zod, valibot, arktype or another library that follows Standard Schema v1. */
export function isStandardSchema(schema: object): schema is StandardSchema {
  const standard: unknown = '~standard' in schema ? schema['~standard'] : undefined;
  return typeof standard === 'object' && standard !== null && 'validate' in standard;
}

/** Makes a schema of another library usable where a DTO class is: its issues become violations. */
export function compileStandardSchema<T>(schema: StandardSchema<T>): CompiledSchema<T> {
  const standard = schema['~standard'];
  const settle = (value: unknown, result: StandardResult<T>): T => {
    if (result.issues === undefined) return result.value;
    throw refusal(
      'the value',
      result.issues.slice(0, maxViolations).map((issue) => violationOf(issue, value)),
    );
  };
  return Object.freeze({
    validate: (value: unknown): T | Promise<T> => {
      const result = standard.validate(value);
      return result instanceof Promise ? result.then((late) => settle(value, late)) : settle(value, result);
    },
    jsonSchema: jsonSchemaOf(schema),
  });
}

function violationOf(issue: Issue, value: unknown): Violation {
  let field = '';
  let at: unknown = value;
  for (const segment of issue.path ?? []) {
    // A segment is a key, or an object that has it.
    const key: unknown = typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment;
    field = step(field, String(key), Array.isArray(at) || typeof key === 'number');
    at = typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key as PropertyKey] : undefined;
  }
  const code: unknown = 'code' in issue ? issue.code : undefined;
  return { field, rule: typeof code === 'string' ? code : 'schema', message: issue.message, valueType: typeOf(at) };
}

/** Libraries that also follow Standard JSON Schema say what they take; for others anything may be sent. */
function jsonSchemaOf(schema: StandardSchema): JsonSchema {
  const { jsonSchema } = schema['~standard'] as {
    jsonSchema?: { input?: (options: { target: string }) => JsonSchema };
  };
  try {
    return jsonSchema?.input?.({ target: 'draft-2020-12' }) ?? {};
  } catch {
    return {}; // Its own word for "this schema cannot be said in JSON Schema".
  }
}
