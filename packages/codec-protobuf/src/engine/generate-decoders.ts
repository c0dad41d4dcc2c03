import { type GeneratedCode, quoted } from '@tenon/contract/authoring';
import { type FieldPlan, type ItemPlan, type MessagePlan, zeroItem, zeroOf } from './message-plan.js';
import { readDate, readEnum, setEntry } from './read-message.js';
import type { ReadMessage } from './wire-reader.js';
import { bytesTag, isPackable, tagOf } from './wire-type.js';

/** The readers of some messages that nest one another, made of generated code, as their writers are. */
export function generateDecoders(messages: readonly MessagePlan[], code: GeneratedCode): readonly ReadMessage[] {
  code.add('setEntry', setEntry);
  code.add('readDate', readDate);
  code.add('readEnum', readEnum);
  const functions = messages.flatMap((message, index) => {
    const locals = message.fields.map((field, place) => localOf(field, place, index, code));
    const entries = locals.filter(({ shape }) => shape === 'map').map(entryCode);
    return [messageCode(locals, index), ...entries];
  });
  const names = messages.map((_, index) => `message${index}`);
  return code.run(`${functions.join('\n')}\nreturn [${names.join(', ')}];`) as ReadMessage[];
}

/** A field with the names that the code has for it. */
interface Local extends FieldPlan {
  /** What was read of it. */
  readonly value: string;
  /** The texts of its enum. */
  readonly texts: string;
  /** The function that reads an entry of its map. */
  readonly entry: string;
}

function localOf(field: FieldPlan, place: number, message: number, code: GeneratedCode): Local {
  const texts = `texts${message}_${place}`;
  if (field.item.kind === 'enum') code.add(texts, field.item.texts);
  return { ...field, value: `v${place}`, texts, entry: `entry${message}_${place}` };
}

function messageCode(fields: readonly Local[], index: number): string {
  const single = fields.filter(isPieced);
  const certain = fields.filter((field) => isCertain(field));
  const rest = fields.filter((field) => !isCertain(field));
  const cases = fields.flatMap(casesOf);
  return `function message${index}(reader, end, depth) {
  reader.enter(${fields.length + 1}, depth);
  ${fields.map((field) => `let ${field.value} = ${firstCode(field)};`).join(' ')}
  ${single.map(({ value }) => `let ${value}from = -1, ${value}to = 0, ${value}more;`).join(' ')}
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      ${cases.join('\n      ')}
      default: reader.skip(tag, end, depth);
    }
  }
  ${single.map(joinCode).join('\n  ')}
  const value = { ${certain.map(({ property, value }) => `${quoted(property)}: ${value}`).join(', ')} };
  ${rest.map(({ property, value }) => `if (${value} !== undefined) ${assign(property, value)}`).join('\n  ')}
  return value;
}`;
}

/** Where a value comes under a name that every object inherits it must not reach what is inherited. */
function assign(property: string, value: string): string {
  const key = quoted(property);
  return property in Object.prototype ? `setEntry(value, ${key}, ${value});` : `value[${key}] = ${value};`;
}

/** Whether the object has the property whatever came. */
function isCertain(field: FieldPlan): boolean {
  return zeroOf(field) !== undefined || isNullWhereAbsent(field);
}

/** A field that must be there and may be null: what did not come is null. */
function isNullWhereAbsent({ optional, nullable }: FieldPlan): boolean {
  return nullable && !optional;
}

function firstCode(field: FieldPlan): string {
  if (isNullWhereAbsent(field)) return 'null';
  const zero = zeroOf(field);
  if (zero === undefined) return 'undefined';
  if (Array.isArray(zero)) return '[]';
  return zeroCode(field.shape === 'map' ? undefined : zero);
}

function zeroCode(zero: unknown): string {
  if (zero === undefined) return '{}';
  if (typeof zero === 'bigint') return '0n';
  if (zero instanceof Uint8Array) return 'new Uint8Array(0)';
  return zero instanceof Date ? 'new Date(0)' : JSON.stringify(zero);
}

function casesOf(field: Local): readonly string[] {
  const { item, number, shape, value } = field;
  if (isPieced(field)) return [`case ${bytesTag(number)}: ${pieceCode(value)} break;`];
  if (shape === 'one')
    return [`case ${tagOf(number, item)}: ${value} = ${readCode(item, 'end', field.texts, true)}; break;`];
  // What may be absent, and what null stands for, begins with the first item.
  const empty = shape === 'list' ? '[]' : '{}';
  const begin =
    Array.isArray(zeroOf(field)) || (shape === 'map' && zeroOf(field) !== undefined) ? '' : `${value} ??= ${empty}; `;
  if (shape === 'map') {
    return [
      `case ${bytesTag(number)}: { ${begin}const to = reader.open(end); ${field.entry}(reader, to, depth, ${value}); break; }`,
    ];
  }
  if (!isPackable(item)) {
    return [
      `case ${bytesTag(number)}: { ${begin}reader.count(1); ${value}.push(${readCode(item, 'end', field.texts, false)}); break; }`,
    ];
  }
  const push = (end: string) => `reader.count(1); ${value}.push(${readCode(item, end, field.texts, false)});`;
  return [
    `case ${bytesTag(number)}: { ${begin}const to = reader.open(end); while (reader.position < to) { ${push('to')} } break; }`,
    `case ${tagOf(number, item)}: { ${begin}${push('end')} break; }`,
  ];
}

/** Whether a field holds one message: several pieces of it, which hardly ever come, count as one. */
function isPieced({ item, shape }: FieldPlan): boolean {
  return shape === 'one' && (item.kind === 'message' || item.kind === 'date');
}

function pieceCode(value: string): string {
  return `{ const to = reader.open(end);
        if (${value}from < 0) { ${value}from = reader.position; ${value}to = to; }
        else (${value}more ??= [${value}from, ${value}to]).push(reader.position, to);
        reader.position = to; }`;
}

function joinCode({ item, value }: Pick<Local, 'item' | 'value'>): string {
  const read = readerName(item);
  return `if (${value}from >= 0) {
    if (${value}more === undefined) { reader.position = ${value}from; ${value} = ${read}(reader, ${value}to, depth + 1); reader.position = end; }
    else ${value} = reader.merged(${value}more, ${read}, depth + 1);
  }`;
}

function readerName(item: ItemPlan): string {
  return item.kind === 'message' ? `message${item.message}` : 'readDate';
}

function readCode(item: ItemPlan, end: string, texts: string, isSingle: boolean): string {
  switch (item.kind) {
    case 'message':
    case 'date':
      return `${readerName(item)}(reader, reader.open(${end}), depth + 1)`;
    case 'enum':
      return `readEnum(reader.enum(${end}), ${texts}, ${isSingle})`;
    default:
      return `reader.${item.kind}(${end})`;
  }
}

function entryCode({ entry, item, texts }: Local): string {
  const field = { item, value: 'v' };
  const pieced = item.kind === 'message' || item.kind === 'date';
  const read = pieced ? pieceCode('v') : `v = ${readCode(item, 'end', texts, false)};`;
  const zero =
    item.kind === 'message'
      ? `message${item.message}(reader, reader.position, depth + 1)`
      : zeroCode(zeroItem(item.kind));
  return `function ${entry}(reader, end, depth, map) {
  reader.count(1);
  let key = '', v, vfrom = -1, vto = 0, vmore;
  while (reader.position < end) {
    const tag = reader.tag(end);
    switch (tag) {
      case 10: key = reader.string(end); break;
      case ${tagOf(2, item)}: ${read} break;
      default: reader.skip(tag, end, depth);
    }
  }
  ${pieced ? joinCode(field) : ''}
  setEntry(map, key, v === undefined ? ${zero} : v);
}`;
}
