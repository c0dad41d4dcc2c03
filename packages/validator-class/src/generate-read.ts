import { GeneratedCode, mayGenerate } from '@tenon/contract/authoring';
import { takeUnknown } from './build-instance.js';
import type { PlainRecord } from './plain-data.js';
import { type LateField, lateFields, type Read, type ReadField, type ReadPlan, readFields } from './read-fields.js';

/**
 * A reader made of generated code, or `undefined` where the process forbids that
 * (`--disallow-code-generation-from-strings`): the reader made of closures then does the same.
 *
 * Why generate at all: V8 remembers shapes per place in the source, and closures of all classes share their places.
 * Measured with eight classes of five fields, a reader of closures takes 200 ns a record, of which most is looking up
 * properties by name, and this one 34 ns. What is generated is order and property names, and these come from the
 * decorators of the application's own classes, quoted; never anything that came over a wire. Rules, conversions and
 * classes are passed in.
 */
export function generateRead(plan: ReadPlan): Read | undefined {
  if (!mayGenerate()) return undefined;
  const fields = readFields(plan);
  const parts = new GeneratedCode();
  const create = parts.add('create', plan.dto);
  const others = parts.add('others', unknownReader(plan, fields));
  const body = [
    'if (given.constructor !== Object) return undefined;',
    `const instance = new ${create}();`,
    'let extra = 0, value;',
    ...fields.map((field, index) => fieldCode(field, index, parts)),
    'for (const key in given) extra += 1;',
    `if (extra !== 0 && !${others}(given, instance)) return undefined;`,
    ...lateFields(plan).map((field, index) => lateCode(field, index, parts)),
    'return instance;',
  ];
  return parts.run(`return (given) => {\n${body.join('\n')}\n};`) as Read | undefined;
}

function fieldCode(field: ReadField, index: number, parts: GeneratedCode): string {
  const name = JSON.stringify(field.name);
  const fromObject = parts.add(`fromObject${index}`, field.fromObject);
  const scalar = field.fromScalar && parts.add(`fromScalar${index}`, field.fromScalar);
  const convertScalar = scalar === undefined ? '' : `else value = ${scalar}(value);`;
  const tests = field.tests.map((test, number) => `${parts.add(`test${index}_${number}`, test)}(value, instance)`);
  if (field.objectsOnly) tests.unshift("typeof value === 'object' && value !== null");
  const judged = tests.length === 0 ? 'true' : tests.join(' && ');
  const holds = field.optional ? `value === null || ${judged}` : judged;
  const absent = field.late
    ? ''
    : `else if (!${parts.add(`check${index}`, field.check)}(instance[${name}], instance)) return undefined;`;
  return `value = given[${name}];
if (value !== undefined) {
  extra -= 1;
  if (typeof value === 'object' && value !== null) {
    value = ${fromObject}(value);
    if (value === undefined) return undefined;
  } ${convertScalar}
  if (!(${holds})) return undefined;
  instance[${name}] = value;
} ${absent}`;
}

function lateCode(field: LateField, index: number, parts: GeneratedCode): string {
  const check = parts.add(`late${index}`, field.check);
  return `if (!${check}(instance[${JSON.stringify(field.name)}], instance)) return undefined;`;
}

/** Takes the keys that are no field's, where there are any. Tells whether the value may go on. */
function unknownReader(
  plan: ReadPlan,
  fields: readonly ReadField[],
): (given: PlainRecord, instance: PlainRecord) => boolean {
  const known = new Set(fields.map((field) => field.name));
  return (given, instance) => {
    for (const key of Object.keys(given)) {
      if (known.has(key) || given[key] === undefined || plan.unknownFields === 'strip') continue;
      if (plan.unknownFields === 'refuse') return false;
      takeUnknown(instance, key, given[key]);
    }
    return true;
  };
}
