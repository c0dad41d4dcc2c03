import { constraintsOf, type Rule, type RuleMetadata } from '@tenon/schema';
import { ValidationError } from 'class-validator';
import { applies, type Field } from './field-check.js';
import { messageOf } from './message.js';

/**
 * The error tree of one instance, as `validateSync` makes it: fields in the same order, every broken rule of a field, the
 * children of nested fields, contexts. Made only for what is refused, so it may take its time.
 */
export function explainFields(fields: readonly Field[], instance: object): ValidationError[] {
  return fields.flatMap((field) => explainField(field, instance));
}

/** What class-validator says of a field that it does not know, where such fields are refused. */
export function explainUnknown(instance: object, keys: readonly string[]): ValidationError[] {
  return keys.map((key) => {
    const error = newError(instance, (instance as Record<string, unknown>)[key], key);
    error.constraints = { whitelistValidation: `property ${key} should not exist` };
    // Not optional in class-validator's types, and absent in its trees: a tree that differs there would not be its tree.
    error.children = undefined as unknown as ValidationError[];
    return error;
  });
}

function explainField(field: Field, instance: object): ValidationError[] {
  const value = (instance as Record<string, unknown>)[field.name];
  if (!applies(field.conditions, instance, value)) return [];
  const error = newError(instance, value, field.name);
  explainRules(field.defined, error, instance);
  addContexts(field.reading.defined, error);
  explainRules(field.custom, error, instance);
  explainNested(field, field.reading.nested, value, error);
  addContexts(field.reading.others, error);
  addContexts(field.reading.custom, error);
  return kept(error);
}

function explainRules(rules: readonly Rule[], error: ValidationError, object: object): void {
  const constraints = constraintsIn(error);
  for (const { name, metadata, constraint, test } of rules) {
    if (!test(error.value, object)) constraints[name] = messageOf(metadata, constraint, error.value, object);
  }
}

function explainNested(field: Field, nested: readonly RuleMetadata[], value: unknown, error: ValidationError): void {
  if (value === undefined || field.nested === undefined) return;
  for (const metadata of nested) {
    if (Array.isArray(value) || value instanceof Set || value instanceof Map) {
      for (const [key, item] of entriesOf(value)) error.children?.push(...explainItem(field, value, key, item));
    } else if (value instanceof Object) {
      error.children?.push(...field.nested.explain(value));
    } else {
      // class-validator hands the class, not the object, to a message of this rule.
      constraintsIn(error)[metadata.type] = messageOf(metadata, undefined, value, metadata.target as object);
    }
  }
}

function explainItem(field: Field, collection: object, key: string, item: unknown): ValidationError[] {
  const error = newError(collection, item, key);
  explainNested(field, field.reading.nested, item, error);
  addContexts(field.reading.nested, error);
  return kept(error);
}

function entriesOf(collection: readonly unknown[] | Set<unknown> | Map<unknown, unknown>): [string, unknown][] {
  if (collection instanceof Map) return [...collection].map(([key, item]) => [String(key), item]);
  return [...collection].map((item, index) => [String(index), item]);
}

function addContexts(rules: readonly RuleMetadata[], error: ValidationError): void {
  for (const metadata of rules) {
    if (!metadata.context) continue;
    const name = (metadata.type === 'customValidation' && constraintsOf(metadata)[0]?.name) || metadata.type;
    if (!error.constraints?.[name]) continue;
    error.contexts ??= {};
    error.contexts[name] = Object.assign((error.contexts[name] as object | undefined) ?? {}, metadata.context);
  }
}

function newError(target: object, value: unknown, property: string): ValidationError {
  return Object.assign(new ValidationError(), { target, value, property, children: [], constraints: {} });
}

function constraintsIn(error: ValidationError): Record<string, string> {
  error.constraints ??= {};
  return error.constraints;
}

/** class-validator drops errors that say nothing, and the empty constraints of those that only have children. */
function kept(error: ValidationError): ValidationError[] {
  if (Object.keys(constraintsIn(error)).length > 0) return [error];
  delete error.constraints;
  return error.children?.length === 0 ? [] : [error];
}
