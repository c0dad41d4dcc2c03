import { type GeneratedCode, quoted } from '@tenon/contract/authoring';
import type { RecordLayout } from '@tenon/schema';
import type { FieldCode } from './field-code.js';
import { addReadRoutines, RecordReads, throwRefusal } from './field-read-code.js';
import { isInherited, setOwn } from './plain-object.js';
import type { ReaderParts } from './reader-parts.js';
import type { ReadValue } from './reading.js';

/** The readers of all records of a layout, made of generated code: see `generateWriters` for what is in it, and why. */
export function generateReaders(
  records: readonly RecordLayout[],
  parts: ReaderParts,
  code: GeneratedCode,
): ReadValue[] {
  addReadRoutines(code, parts);
  code.add('setOwn', setOwn);
  const functions = records.map((record, index) => {
    const reads = new RecordReads(record, `${index}`, parts, code, throwRefusal, (_field, nested) => `record${nested}`);
    return `function record${index}(reading, depth) {\n  ${reads.source()}\n  ${resultCode(reads.fields)}\n}`;
  });
  const names = records.map((_, index) => `record${index}`);
  return code.run(`${functions.join('\n')}\nreturn [${names.join(', ')}];`) as ReadValue[];
}

/**
 * Makes a plain object of the locals. In one literal where all fields are there, so that objects of one class have one
 * shape; the fields that are not certain are put to it one by one where they are not all there.
 */
function resultCode(fields: readonly FieldCode[]): string {
  const plain = fields.filter(({ name }) => !isInherited(name));
  const inherited = fields.filter(({ name }) => isInherited(name));
  const certain = plain.filter(({ optional }) => !optional);
  const uncertain = plain.filter(({ optional }) => optional);
  const put = [
    ...uncertain.map((field) => whereThere(field, `record[${quoted(field.name)}] = v${field.index};`)),
    ...inherited.map((field) => whereThere(field, `setOwn(record, ${quoted(field.name)}, v${field.index});`)),
  ];
  const all = uncertain.map(({ index }) => `v${index} !== undefined`).join(' && ');
  const whole = uncertain.length === 0 || inherited.length > 0 ? '' : `if (${all}) return ${literal(plain)};`;
  if (put.length === 0) return `return ${literal(certain)};`;
  return `${whole} const record = ${literal(certain)}; ${put.join(' ')} return record;`;
}

function literal(fields: readonly FieldCode[]): string {
  return `{ ${fields.map(({ name, index }) => `${quoted(name)}: v${index}`).join(', ')} }`;
}

function whereThere({ optional, index }: FieldCode, code: string): string {
  return optional ? `if (v${index} !== undefined) ${code}` : code;
}
