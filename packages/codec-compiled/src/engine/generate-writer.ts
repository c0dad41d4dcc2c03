import { type GeneratedCode, quoted } from '@tenon/contract/authoring';
import type { RecordLayout } from '@tenon/schema';
import { places } from './enum-places.js';
import { type FieldCode, fieldCodes } from './field-code.js';
import { maxDepth } from './limits.js';
import { isInherited } from './plain-object.js';
import { epochMs } from './rare-writers.js';
import { recordBits } from './record-bits.js';
import { RecordObjects } from './record-objects.js';
import { exactCode, hasExtra, isBounded, mostBytes, roomyCode, wholeCode } from './scalar-write-code.js';
import { isWhole, writeSigned } from './signed-varint.js';
import { typeWriter } from './type-writers.js';
import { writeVarint } from './varint.js';
import { writeText } from './write-text.js';
import type { WriterParts } from './writer-parts.js';
import type { WriteValue } from './writing.js';

/**
 * The writers of all records of a layout, made of generated code.
 *
 * Why generate at all: V8 remembers shapes per place in the source, and closures of all classes share their places. What
 * is generated is order, bits and the names of fields, quoted; and only for classes of this process.
 */
export function generateWriters(
  records: readonly RecordLayout[],
  parts: WriterParts,
  code: GeneratedCode,
): WriteValue[] {
  code.add('isWhole', isWhole);
  code.add('epochMs', epochMs);
  code.add('writeSigned', writeSigned);
  code.add('writeVarint', writeVarint);
  code.add('writeText', writeText);
  code.add('doubles', parts.doubles);
  code.add('scratch', parts.doubles.scratch);
  const functions = records.map((record, index) => new RecordCode(record, index, parts, code).source());
  const names = records.map((_, index) => `record${index}`);
  return code.run(`${functions.join('\n')}\nreturn [${names.join(', ')}];`) as WriteValue[];
}

/** The code of one record's writer. */
class RecordCode {
  readonly #record: number;
  readonly #parts: WriterParts;
  readonly #code: GeneratedCode;
  readonly #bytes: number;
  readonly #fields: readonly FieldCode[];

  constructor(layout: RecordLayout, record: number, parts: WriterParts, code: GeneratedCode) {
    const bits = recordBits(layout);
    this.#record = record;
    this.#parts = parts;
    this.#code = code;
    this.#bytes = bits.bytes;
    this.#fields = fieldCodes(layout, bits);
  }

  source(): string {
    const objects = this.#code.add(`objects${this.#record}`, new RecordObjects(this.#fields.map(({ name }) => name)));
    const optional = this.#fields.filter(({ bits }) => bits.there !== undefined);
    const came = [
      this.#fields.length - optional.length,
      ...optional.map(({ index }) => `(v${index} === undefined ? 0 : 1)`),
    ];
    return `function record${this.#record}(value, writing, position, depth) {
  if (typeof value !== 'object' || value === null || depth >= ${maxDepth}) return -1;
  if ((writing.left -= ${this.#fields.length + 1}) < 0) return -1;
  const sink = writing.sink;
  sink.position = position;
  ${this.#fields.map(readCode).join('\n  ')}
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && !${objects}.isRecord(value, prototype)) return -1;
  let keys = 0;
  const order = ${objects}.order;
  for (const key in value) {
    if (key !== order[keys]) {
      keys = ${objects}.countKeys(value);
      break;
    }
    keys += 1;
  }
  if (keys < ${came.join(' + ')}) return -1;
  let ${['p = position', 'h = 0', ...Array.from({ length: this.#bytes }, (_, index) => `b${index} = 0`)].join(', ')};
  ${this.#fields.map((field) => this.#check(field)).join('\n  ')}
  let buffer = sink.buffer;
  ${this.#segments().join('\n  ')}
  return p;
}`;
  }

  /** Refuses what does not fit, and finds the bits. */
  #check(field: FieldCode): string {
    const { bits, index, type } = field;
    const { kind } = type;
    const value = `v${index}`;
    let check = '';
    if (kind === 'string') check = `if (typeof ${value} !== 'string') return -1;`;
    else if (kind === 'boolean')
      check = `if (typeof ${value} !== 'boolean') return -1; if (${value}) ${set(bits.value)}`;
    else if (kind === 'integer') check = `if (typeof ${value} !== 'number' || !${wholeCode(value)}) return -1;`;
    else if (kind === 'date') check = `e${index} = epochMs(${value}); if (!isWhole(e${index})) return -1;`;
    else if (kind === 'number') {
      check = `if (typeof ${value} !== 'number') return -1; e${index} = ${wholeCode(value)}; if (e${index}) ${set(bits.value)}`;
    } else if (kind === 'enum') {
      const placeOf = this.#code.add(`placeOf${this.#record}_${index}`, places(type.values));
      check = `e${index} = ${placeOf}(${value}); if (e${index} === undefined) return -1;`;
    }
    const extra = hasExtra(field) ? `let e${index}; ` : '';
    if (bits.notNull !== undefined) check = `if (${value} !== null) { ${set(bits.notNull)} ${check} }`;
    if (bits.there !== undefined) return `${extra}if (${value} !== undefined) { ${set(bits.there)} ${check} }`;
    return `${extra}if (${value} === undefined) return -1; ${check}`;
  }

  /** The bits, and then fields whose size has a bound together, others alone. */
  #segments(): readonly string[] {
    const segments: string[] = [];
    let flat: FieldCode[] = [];
    let bitsWait = true;
    const flush = (): void => {
      const code = this.#flat(flat, bitsWait);
      if (code !== '') segments.push(code);
      flat = [];
      bitsWait = false;
    };
    for (const field of this.#fields) {
      if (field.type.kind === 'boolean') continue;
      if (isBounded(field)) {
        flat.push(field);
        continue;
      }
      flush();
      const write = this.#deepWriter(field);
      const code = `p = ${write}(v${field.index}, writing, p, depth + 1); if (p < 0) return -1; buffer = sink.buffer;`;
      segments.push(whereThere(field, code));
    }
    flush();
    return segments;
  }

  /** Without asking for room where there is enough of it for the most that the fields can take, else exactly. */
  #flat(fields: readonly FieldCode[], withBits: boolean): string {
    const bytes = withBits ? this.#bytes : 0;
    if (fields.length === 0 && bytes === 0) return '';
    const bits = Array.from({ length: bytes }, (_, index) => index);
    const texts = fields.filter(({ type }) => type.kind === 'string');
    const most = [
      bytes + fields.reduce((sum, field) => sum + mostBytes(field), 0),
      ...texts.map((field) =>
        isCertain(field) ? `v${field.index}.length * 3` : `(v${field.index} ? v${field.index}.length * 3 : 0)`,
      ),
    ];
    return `if (p + ${most.join(' + ')} <= buffer.length) {
    ${[...bits.map((index) => `buffer[p + ${index}] = b${index};`), bytes === 0 ? '' : `p += ${bytes};`].join(' ')}
    ${fields.map((field) => whereThere(field, roomyCode(field))).join('\n    ')}
  } else {
    ${bits.map((index) => `p = writing.byte(p, b${index});`).join(' ')}
    ${fields.map((field) => whereThere(field, exactCode(field))).join('\n    ')}
    buffer = sink.buffer;
  }`;
  }

  #deepWriter({ type, index }: FieldCode): string {
    if (type.kind === 'record') return `record${type.record}`;
    return this.#code.add(`write${this.#record}_${index}`, typeWriter(type, this.#parts));
  }
}

/** Each property is read once, and only its own. */
function readCode({ name, index }: FieldCode): string {
  const key = quoted(name);
  const read = `value[${key}]`;
  return `const v${index} = ${isInherited(name) ? `Object.hasOwn(value, ${key}) ? ${read} : undefined` : read};`;
}

function set(bit: number | undefined): string {
  return bit === undefined ? '' : `b${bit >>> 3} |= ${1 << (bit & 7)};`;
}

function isCertain({ bits }: FieldCode): boolean {
  return bits.there === undefined && bits.notNull === undefined;
}

function whereThere(field: FieldCode, code: string): string {
  const value = `v${field.index}`;
  const conditions = [
    ...(field.bits.there === undefined ? [] : [`${value} !== undefined`]),
    ...(field.bits.notNull === undefined ? [] : [`${value} !== null`]),
  ];
  return conditions.length === 0 ? code : `if (${conditions.join(' && ')}) { ${code} }`;
}
