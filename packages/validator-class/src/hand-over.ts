import { type ClassReading, constraintsOf, type RuleMetadata } from '@tenon/schema';
import { ValidationTypes } from 'class-validator';

/** Why class-validator itself must run this class, or `undefined`. */
export function handOver(
  reading: ClassReading,
): { readonly reason: string; readonly asynchronous: boolean } | undefined {
  const rules = reading.fields.flatMap((field) => [...field.defined, ...field.others]);
  const named = (rule: RuleMetadata) => `${reading.dto.name}.${rule.propertyName}`;
  const promise = rules.find((rule) => rule.type === ValidationTypes.PROMISE_VALIDATION);
  if (promise !== undefined) return { reason: `${named(promise)} awaits a promise`, asynchronous: true };
  const slow = rules.find((rule) => constraintsOf(rule).some((constraint) => constraint.async));
  if (slow !== undefined) return { reason: `${named(slow)} has an asynchronous rule`, asynchronous: true };
  const grouped = rules.find((rule) => rule.groups !== undefined && rule.groups.length > 0);
  if (grouped !== undefined) return { reason: `${named(grouped)} has a rule in a group`, asynchronous: false };
  return undefined;
}
