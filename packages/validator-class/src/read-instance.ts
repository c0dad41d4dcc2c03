import type { Test } from '@tenon/schema';
import { takeUnknown } from './build-instance.js';
import { all } from './field-check.js';
import type { PlainRecord } from './plain-data.js';
import { type LateField, lateFields, type Read, type ReadField, type ReadPlan, readFields } from './read-fields.js';

/**
 * A reader made of closures. Each value is read once, converted, tested and set. `for…in` gives V8 the values without a
 * look-up by name, and keys mostly come in the order in which the class declares them, so the field is found by position.
 */
export function compileRead(plan: ReadPlan): Read {
  const create = plan.dto as new () => PlainRecord;
  const { unknownFields } = plan;
  const fields = readFields(plan).map(step);
  const byName = new Map(fields.map((field) => [field.name, field]));
  const late = lateFields(plan);
  const everything = fields.length > maxFlags ? -1 : fields.reduce((flags, field) => flags | field.flag, 0);
  return (given) => {
    if (given.constructor !== Object) return undefined;
    const input = given as PlainRecord;
    const instance = new create();
    let next = 0;
    let seen = 0;
    for (const key in input) {
      const value = input[key];
      let field = fields[next];
      if (field === undefined || field.name !== key) field = byName.get(key);
      if (value === undefined) continue;
      if (field === undefined) {
        if (unknownFields === 'strip') continue;
        if (unknownFields === 'refuse') return undefined;
        takeUnknown(instance, key, value);
        continue;
      }
      next = field.index + 1;
      seen |= field.flag;
      let converted: unknown = value;
      if (typeof value === 'object' && value !== null) {
        converted = field.fromObject(value);
        if (converted === undefined) return undefined;
      } else if (field.fromScalar !== undefined) converted = field.fromScalar(value);
      if (!field.test(converted, instance)) return undefined;
      instance[field.name] = converted;
    }
    if (seen !== everything && !absentHold(fields, seen, instance)) return undefined;
    return late.length === 0 || lateHold(late, instance) ? instance : undefined;
  };
}

/** Flags are bits of a small integer; the fields beyond have none and are checked once more at the end. */
const maxFlags = 30;

interface Step extends ReadField {
  readonly index: number;
  readonly flag: number;
  readonly test: Test;
}

function step(field: ReadField, index: number): Step {
  return { ...field, index, flag: index < maxFlags ? 1 << index : 0, test: testOf(field) };
}

function testOf({ tests, objectsOnly, optional }: ReadField): Test {
  const own = all(tests);
  const test: Test = objectsOnly
    ? (value, object) => typeof value === 'object' && value !== null && own(value, object)
    : own;
  return optional ? (value, object) => value === null || test(value, object) : test;
}

function lateHold(fields: readonly LateField[], instance: PlainRecord): boolean {
  return fields.every((field) => field.check(instance[field.name], instance));
}

function absentHold(fields: readonly Step[], seen: number, instance: PlainRecord): boolean {
  for (const field of fields) {
    if ((seen & field.flag) === 0 && !field.late && !field.check(instance[field.name], instance)) return false;
  }
  return true;
}
