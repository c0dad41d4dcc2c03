import { ServiceError, type Violation, type ViolationDetails } from '@tenon/contract';
import type { ValidationError } from 'class-validator';

/** No reply lists more than this: a body full of bad items must not be answered by a larger one. */
export const maxViolations = 100;

/** The error that a refused value leads to: `InvalidArgument`, with what is wrong and where, never with the values. */
export function refusal(subject: string, violations: readonly Violation[], cause?: unknown): ServiceError {
  const shown = violations.slice(0, 3).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const more = violations.length > shown.length ? `; and ${violations.length - shown.length} more` : '';
  const details: ViolationDetails = { violations };
  return ServiceError.refusal('InvalidArgument', `${subject} is not valid: ${shown.join('; ')}${more}`, {
    executed: 'no',
    details,
    cause,
  });
}

/** An error tree as a flat list, one entry a broken rule, the first {@link maxViolations} of them. */
export function violationsOf(errors: readonly ValidationError[]): readonly Violation[] {
  const violations: Violation[] = [];
  collect(errors, '', violations);
  return violations;
}

/** The kind of a value, as far as it may be told without telling the value. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return value instanceof Date ? 'date' : typeof value;
}

/** A path with one more step: `items[2].sku`. */
export function step(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function collect(errors: readonly ValidationError[], path: string, violations: Violation[]): void {
  for (const error of errors) {
    if (violations.length >= maxViolations) return;
    const { target, property, value, constraints = {}, children } = error;
    // An object without rules where rules are asked for has no property: the error is about the object itself.
    const about = property === undefined;
    const isIndex = Array.isArray(target) || target instanceof Set || target instanceof Map;
    const field = about ? path : step(path, property, isIndex);
    for (const [rule, message] of Object.entries(constraints)) {
      if (violations.length >= maxViolations) return;
      violations.push({ field, rule, message, valueType: typeOf(about ? target : value) });
    }
    collect(children ?? [], field, violations);
  }
}
