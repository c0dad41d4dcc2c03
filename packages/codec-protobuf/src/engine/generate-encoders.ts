import { type GeneratedCode, quoted } from '@tenon/contract/authoring';
import { maxDepth } from './limits.js';
import { type FieldPlan, hasPresence, type ItemPlan, type MessagePlan } from './message-plan.js';
import { entriesOf, listOf, misfit, misfitItem, misfitMessage, tooDeep, unknownFields } from './misfit.js';
import { bytesTag, isPackable, tagOf } from './wire-type.js';
import { isInt64, isTimestamp } from './wire-writer.js';
import type { WriteMessage } from './write-message.js';

/**
 * The writers of some messages that nest one another, made of generated code.
 *
 * Why generate at all: V8 remembers the shapes of objects by the place in the source that reads them, and closures of all
 * classes share their places. In the code stand names of properties, quoted, and numbers, of this process's own classes.
 */
export function generateEncoders(messages: readonly MessagePlan[], code: GeneratedCode): readonly WriteMessage[] {
  code.add('isInt64', isInt64);
  code.add('isTimestamp', isTimestamp);
  code.add('listOf', listOf);
  code.add('entriesOf', entriesOf);
  code.add('misfit', misfit);
  code.add('misfitItem', misfitItem);
  code.add('misfitMessage', misfitMessage);
  code.add('unknownFields', unknownFields);
  code.add('tooDeep', tooDeep);
  const functions = messages.map((message, index) => messageCode(message, index, code));
  const names = messages.map((_, index) => `message${index}`);
  return code.run(`${functions.join('\n')}\nreturn [${names.join(', ')}];`) as WriteMessage[];
}

function messageCode(message: MessagePlan, index: number, code: GeneratedCode): string {
  const plan = code.add(`plan${index}`, message);
  const fields = message.fields.map((field, place) => {
    const id = `${index}_${place}`;
    const constants = { plan: code.add(`field${id}`, field), numbers: `numbers${id}` };
    if (field.item.kind === 'enum') code.add(constants.numbers, field.item.numbers);
    return fieldCode(field, `v${place}`, constants);
  });
  const noFields = `for (const key in value) if (Object.hasOwn(value, key) && value[key] !== undefined) throw unknownFields(${plan});`;
  return `function message${index}(value, writer, depth) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfitMessage(${plan}, value);
  if (depth > ${maxDepth}) throw tooDeep();
  ${message.fields.length === 0 ? noFields : fields.join('\n  ')}
}`;
}

interface Constants {
  readonly plan: string;
  readonly numbers: string;
}

function fieldCode(field: FieldPlan, value: string, constants: Constants): string {
  const read = `const ${value} = ${readCode(field.property)};`;
  const write = field.shape === 'one' ? oneCode(field, value, constants) : manyCode(field, value, constants);
  const passes = [
    ...(field.optional ? [`${value} !== undefined`] : []),
    ...(field.nullable ? [`${value} !== null`] : []),
  ];
  return passes.length === 0 ? `${read} ${write}` : `${read} if (${passes.join(' && ')}) { ${write} }`;
}

/** What every object inherits is only read where it is the object's own. */
function readCode(property: string): string {
  const key = quoted(property);
  return property in Object.prototype ? `(Object.hasOwn(value, ${key}) ? value[${key}] : undefined)` : `value[${key}]`;
}

function oneCode(field: FieldPlan, value: string, constants: Constants): string {
  const write = `writer.varint(${tagOf(field.number, field.item)}); ${writeCode(field.item, value, constants)}`;
  const zero = hasPresence(field) ? undefined : isZeroCode(field.item, value);
  const refused = `throw misfit(${constants.plan}, ${value});`;
  const body = zero === undefined ? write : `if (!(${zero})) { ${write} }`;
  return `if (${fitsCode(field.item, value, constants.numbers)}) { ${body} } else ${refused}`;
}

function manyCode(field: FieldPlan, value: string, constants: Constants): string {
  const refused = `if (many === undefined) throw misfit(${constants.plan}, ${value});`;
  const fits = `if (!(${fitsCode(field.item, 'item', constants.numbers)})) throw misfitItem(${constants.plan}, item);`;
  const write = writeCode(field.item, 'item', constants);
  if (field.shape === 'map') {
    const entry = `writer.varint(${bytesTag(field.number)}); const start = writer.open();
      writer.varint(10); writer.string(key); writer.varint(${tagOf(2, field.item)}); ${write} writer.close(start);`;
    return `{ const many = entriesOf(${value}); ${refused}
    for (const [key, item] of many) { ${fits} ${entry} } }`;
  }
  const loop = `for (let index = 0; index < many.length; index += 1) { const item = many[index]; ${fits}`;
  if (isPackable(field.item)) {
    return `{ const many = listOf(${value}); ${refused}
    if (many.length > 0) { writer.varint(${bytesTag(field.number)}); const start = writer.open();
    ${loop} ${write} } writer.close(start); } }`;
  }
  return `{ const many = listOf(${value}); ${refused} ${loop} writer.varint(${bytesTag(field.number)}); ${write} } }`;
}

function writeCode(item: ItemPlan, value: string, { numbers }: Constants): string {
  switch (item.kind) {
    case 'enum':
      return `writer.varint(${numbers}.get(${value}));`;
    case 'bigint':
      return `if (typeof ${value} === 'bigint') writer.bigint(${value}); else writer.integer(${value});`;
    case 'message':
      return `{ const inner = writer.open(); message${item.message}(${value}, writer, depth + 1); writer.close(inner); }`;
    default:
      return `writer.${item.kind}(${value});`;
  }
}

/** Whether a value is the one that absence stands for. −0 is not: its bits are others. */
function isZeroCode({ kind }: ItemPlan, value: string): string | undefined {
  switch (kind) {
    case 'string':
      return `${value} === ''`;
    case 'boolean':
      return `${value} === false`;
    case 'number':
      return `${value} === 0 && 1 / ${value} > 0`;
    case 'integer':
      return `${value} === 0`;
    case 'bigint':
      return `${value} == 0`;
    case 'bytes':
      return `${value}.length === 0`;
    default:
      return undefined;
  }
}

function fitsCode(item: ItemPlan, value: string, numbers: string): string {
  switch (item.kind) {
    case 'string':
    case 'boolean':
    case 'number':
      return `typeof ${value} === '${item.kind}'`;
    case 'integer':
      return `Number.isSafeInteger(${value})`;
    case 'bigint':
      return `(isInt64(${value}) || Number.isSafeInteger(${value}))`;
    case 'bytes':
      return `${value} instanceof Uint8Array`;
    case 'date':
      return `isTimestamp(${value})`;
    case 'enum':
      return `${numbers}.has(${value})`;
    case 'message':
      return `typeof ${value} === 'object' && ${value} !== null`;
  }
}
