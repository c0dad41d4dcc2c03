import { type GeneratedCode, quoted, readText } from '@tenon/contract/authoring';
import type { RecordLayout, TypeLayout } from '@tenon/schema';
import { readDoubleCode } from './double-code.js';
import { type FieldCode, fieldCodes } from './field-code.js';
import { maxDepth, maxEpochMs } from './limits.js';
import type { ReaderParts } from './reader-parts.js';
import { type RecordBits, recordBits } from './record-bits.js';
import { readSigned, signedBytes } from './signed-varint.js';
import { typeReader } from './type-readers.js';
import { readVarint, varintBytes } from './varint.js';

/** What stands in the code where bytes are refused. */
export type Refuse = (what: string) => string;

/** How a record or an array of them is read: the name of a function that takes the reading and the depth. */
export type RecordReader = (field: FieldCode, record: number) => string;

/** Passes in what the code of {@link RecordReads} refers to. */
export function addReadRoutines(code: GeneratedCode, parts: ReaderParts): void {
  code.add('readText', readText);
  code.add('readVarint', readVarint);
  code.add('readSigned', readSigned);
  code.add('varintBytes', varintBytes);
  code.add('signedBytes', signedBytes);
  code.add('scratch', parts.doubles.scratch);
}

/**
 * Code that reads the fields of a record into locals `v0`, `v1`, …
 *
 * The position is a local too, `p`, and is handed over by the reading only around calls. `refuse` and `recordReader` are
 * all in which a reader of plain data and one that builds differ.
 */
export class RecordReads {
  readonly fields: readonly FieldCode[];
  readonly #bits: RecordBits;
  readonly #parts: ReaderParts;
  readonly #code: GeneratedCode;
  readonly #id: string;
  readonly #refuse: Refuse;
  readonly #recordReader: RecordReader;

  /** @param id - no other record of the code has it. */
  constructor(
    layout: RecordLayout,
    id: string,
    parts: ReaderParts,
    code: GeneratedCode,
    refuse: Refuse,
    recordReader: RecordReader,
  ) {
    this.#bits = recordBits(layout);
    this.fields = fieldCodes(layout, this.#bits);
    this.#parts = parts;
    this.#code = code;
    this.#id = id;
    this.#refuse = refuse;
    this.#recordReader = recordReader;
  }

  source(): string {
    const { bytes, unused } = this.#bits;
    const bits = Array.from({ length: bytes }, (_, index) => `const b${index} = buffer[p + ${index}];`);
    return `const buffer = reading.buffer;
  const end = reading.end;
  let p = reading.position;
  let n = 0;
  if (depth >= ${maxDepth}) ${this.#refuse(`nesting of more than ${maxDepth}`)}
  if ((reading.left -= ${this.fields.length + 1}) < 0) ${this.#refuse('too many elements')}
  ${bytes === 0 ? '' : `if (end - p < ${bytes}) ${this.#refuse('cut short')}`}
  ${bits.join(' ')}${bytes === 0 ? '' : ` p += ${bytes};`}
  ${unused === 0 ? '' : `if ((b${bytes - 1} & ${unused}) !== 0) ${this.#refuse('unused bits that are not 0')}`}
  ${this.fields.map((field) => this.#field(field)).join('\n  ')}
  reading.position = p;`;
  }

  #field(field: FieldCode): string {
    const { bits, index } = field;
    const refused = this.#refuse('bits of a value that is not there');
    const [there, notNull] = [bits.there, bits.notNull].map(bitCode);
    const own = [bits.notNull, bits.value].filter((bit) => bit !== undefined).map(bitCode);
    const value = bits.value === undefined ? '' : `if (${bitCode(bits.value)}) ${refused}`;
    let read = this.#content(field);
    if (bits.notNull !== undefined) read = `if (${notNull}) { ${read} } else { ${value} v${index} = null; }`;
    if (bits.there !== undefined) {
      const absent = own.length === 0 ? '' : `else if (${own.join(' || ')}) ${refused}`;
      read = `if (${there}) { ${read} } ${absent}`;
    }
    return `let v${index}; ${read}`;
  }

  #content(field: FieldCode): string {
    const { type, bits, index } = field;
    const value = `v${index}`;
    switch (type.kind) {
      case 'boolean':
        return `${value} = ${bitCode(bits.value)};`;
      case 'string':
        return `${this.#varint()} if (n > end - p) ${this.#refuse('cut short')} ${value} = readText(buffer, p, n); p += n;`;
      case 'integer':
        return this.#signed(value);
      case 'number':
        return `if (${bitCode(bits.value)}) { ${this.#signed(value)} } else {
    if (end - p < 8) ${this.#refuse('cut short')} ${readDoubleCode(value)} }`;
      case 'date':
        return `${this.#signed('n')}
    if (n > ${maxEpochMs} || n < -${maxEpochMs}) ${this.#refuse('no valid date')} ${value} = new Date(n);`;
      case 'enum': {
        const values = this.#code.add(`values${this.#id}_${index}`, type.values);
        const refused = this.#refuse('a place that the enum does not have');
        return `${this.#varint()} if (n >= ${type.values.length}) ${refused} ${value} = ${values}[n];`;
      }
      default:
        return this.#called(field, type);
    }
  }

  /** What is read by a function of its own. */
  #called(field: FieldCode, type: TypeLayout): string {
    const value = `v${field.index}`;
    if (type.kind === 'record') return this.#record(value, this.#recordReader(field, type.record), 'depth + 1');
    if (type.kind === 'array' && type.items.kind === 'record') {
      const read = this.#recordReader(field, type.items.record);
      return `${this.#varint()} if (n > end - p) ${this.#refuse('cut short')}
    if (depth >= ${maxDepth - 1}) ${this.#refuse(`nesting of more than ${maxDepth}`)}
    if ((reading.left -= n) < 0) ${this.#refuse('too many elements')}
    ${value} = [];
    for (let i = n; i > 0; i -= 1) { let item; ${this.#record('item', read, 'depth + 2')} ${value}.push(item); }`;
    }
    const read = this.#code.add(`read${this.#id}_${field.index}`, typeReader(type, this.#parts));
    return `reading.position = p; ${value} = ${read}(reading, depth + 1); p = reading.position;`;
  }

  #record(local: string, read: string, depth: string): string {
    return `reading.position = p; ${local} = ${read}(reading, ${depth}); p = reading.position;
    if (${local} === undefined) ${this.#refuse('a record that is not as it should be')}`;
  }

  /** Reads a varint into `n`. */
  #varint(): string {
    return `if (p < end && (n = buffer[p]) < 128) p += 1; else {
      n = readVarint(buffer, p, end); if (n !== n) ${this.#refuse('no varint')} p += varintBytes(n); }`;
  }

  #signed(local: string): string {
    return `if (p < end && (n = buffer[p]) < 128) { p += 1; ${local} = (n >>> 1) ^ -(n & 1); } else {
      ${local} = readSigned(buffer, p, end); if (${local} !== ${local}) ${this.#refuse('no signed varint')} p += signedBytes(${local}); }`;
  }
}

/** A refusal that is thrown. */
export const throwRefusal: Refuse = (what) => `throw reading.refusal(${quoted(what)}, p);`;

function bitCode(bit: number | undefined): string {
  return bit === undefined ? 'true' : `(b${bit >>> 3} & ${1 << (bit & 7)}) !== 0`;
}
