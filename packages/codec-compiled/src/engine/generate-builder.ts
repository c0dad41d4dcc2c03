import type { BuildField, BuildTest } from '@tenon/contract';
import { type GeneratedCode, quoted } from '@tenon/contract/authoring';
import type { TypeLayout } from '@tenon/schema';
import type { FieldCode } from './field-code.js';
import { addReadRoutines, RecordReads } from './field-read-code.js';
import type { JoinedRecord } from './joined-plans.js';
import type { ReaderParts } from './reader-parts.js';
import type { Reading, ReadValue } from './reading.js';

/**
 * Reads, checks and builds one instance; undefined for bytes that are none. Throws what a constructor, a conversion or
 * a reader of plain data throws.
 */
export type Build = (reading: Reading, depth: number) => object | undefined;

/**
 * The builder of the first of some joined records, made of generated code: a read of all fields into locals, and then for
 * each field of the plan, in the order of the class, its tests and the store.
 */
export function generateBuild(records: readonly JoinedRecord[], parts: ReaderParts, code: GeneratedCode): Build {
  addReadRoutines(code, parts);
  const functions = records.map((record) => functionCode(record, parts, code));
  return code.run(`${functions.join('\n')}\nreturn build0;`) as Build;
}

function functionCode(joined: JoinedRecord, parts: ReaderParts, code: GeneratedCode): string {
  const { number, layout, plan, nested } = joined;
  const reads = new RecordReads(
    layout,
    `${number}`,
    parts,
    code,
    () => 'return undefined;',
    ({ name, index }, record) => {
      const inner = nested.get(name);
      return inner === undefined ? code.add(`plain${number}_${index}`, plainReader(parts, record)) : `build${inner}`;
    },
  );
  const create = code.add(`create${number}`, plan.dto);
  const byName = new Map(reads.fields.map((field) => [field.name, field]));
  const fields = plan.fields.map((field, place) =>
    new BuiltField(field, byName.get(field.name), `${number}_${place}`, code).source(),
  );
  return `function build${number}(reading, depth) {
  ${reads.source()}
  const instance = new ${create}();
  ${fields.join('\n  ')}
  return instance;
}`;
}

function plainReader(parts: ReaderParts, record: number): ReadValue {
  return (reading, depth) => (parts.records[record] as ReadValue)(reading, depth);
}

/** The code that judges and sets one field of a plan. */
class BuiltField {
  readonly #field: BuildField;
  /** Undefined where the layout does not have it. */
  readonly #read: FieldCode | undefined;
  readonly #id: string;
  readonly #code: GeneratedCode;

  constructor(field: BuildField, read: FieldCode | undefined, id: string, code: GeneratedCode) {
    this.#field = field;
    this.#read = read;
    this.#id = id;
    this.#code = code;
  }

  source(): string {
    const read = this.#read;
    if (read === undefined) return this.#absent();
    const came = this.#came(read);
    return read.optional ? `if (v${read.index} !== undefined) { ${came} } else { ${this.#absent()} }` : came;
  }

  #absent(): string {
    const absent = this.#code.add(`absent${this.#id}`, this.#field.absent);
    return `if (!${absent}(instance[${quoted(this.#field.name)}], instance)) return undefined;`;
  }

  #came(read: FieldCode): string {
    const value = `v${read.index}`;
    const conversion = this.#conversion(read.type);
    const convert =
      conversion === undefined
        ? ''
        : `${value} = ${this.#code.add(`convert${this.#id}`, conversion)}(${value}); if (${value} === undefined) return undefined;`;
    const judged = this.#judged(read, conversion !== undefined);
    const judge = judged === 'true' ? '' : `if (!(${judged})) return undefined;`;
    return `${convert} ${judge} instance[${quoted(this.#field.name)}] = ${value};`;
  }

  /** What a value that came has to be converted by; undefined where that changes nothing. */
  #conversion({ kind }: TypeLayout): BuildField['convert'] {
    const { convert, nested } = this.#field;
    if (convert === undefined || nested !== undefined) return undefined;
    const unchanged =
      (convert === String && kind === 'string') ||
      (convert === Number && (kind === 'integer' || kind === 'number')) ||
      (convert === Boolean && kind === 'boolean');
    return unchanged ? undefined : convert;
  }

  #judged(read: FieldCode, converted: boolean): string {
    const { optional, nested, tests } = this.#field;
    const value = `v${read.index}`;
    const mayBeNull = read.nullable || converted || read.type.kind === 'any';
    const asRead = !converted && (!mayBeNull || optional);
    const conditions = tests.flatMap((test, place) =>
      asRead && isGiven(test, read.type)
        ? []
        : [`${this.#code.add(`test${this.#id}_${place}`, test.holds)}(${value}, instance)`],
    );
    if (nested !== undefined && mayBeNull) conditions.unshift(`${value} !== null`);
    const holds = conditions.join(' && ') || 'true';
    return optional && mayBeNull && holds !== 'true' ? `${value} === null || ${holds}` : holds;
  }
}

/** Whether every value that is read for a type, other than null, keeps a rule. */
function isGiven({ rule }: BuildTest, { kind }: TypeLayout): boolean {
  return rule !== undefined && (givenRules.get(kind)?.includes(rule) ?? false);
}

/**
 * Not those of a number, which may be none that a rule wants, nor of an array: a rule may be one for each of its items, and
 * has the same name then.
 */
const givenRules: ReadonlyMap<TypeLayout['kind'], readonly string[]> = new Map([
  ['string', ['isDefined', 'isString']],
  ['boolean', ['isDefined', 'isBoolean']],
  ['integer', ['isDefined', 'isInt', 'isNumber']],
  ['number', ['isDefined']],
  ['date', ['isDefined', 'isDate']],
  ['record', ['isDefined', 'isObject']],
]);
