import type { FieldLayout, Layout, TypeLayout } from './layout.js';

/** One difference between what one side writes and what the other reads. */
export interface LayoutDifference {
  /** Where, as a path: `items[].price` (of each item), `rates{}` (each value of a map), `shape(circle)` (that class). */
  readonly path: string;
  /** What differs, in words. */
  readonly what: string;
  /** Whether the reader takes what the writer writes in spite of it. Rules are the validator's to judge. */
  readonly readable: boolean;
}

/** No list is longer: it is for people, and layouts may come from a stranger. */
export const maxDifferences = 256;

/**
 * What differs between the layout that values are written by and that of the class that they are read for; empty where they
 * are read as they are written. Fields are matched by name and enums by value, as in Avro. Of two layouts that differ in more
 * than {@link maxDifferences} places the last difference says so, and is not readable.
 */
export function compareLayouts(writer: Layout, reader: Layout): readonly LayoutDifference[] {
  const comparison = new Comparison(writer, reader);
  return Object.freeze(comparison.differences());
}

interface Pair {
  readonly path: string;
  readonly written: number;
  readonly read: number;
}

/** Compares records pair by pair, each pair once, so that classes may nest themselves. */
class Comparison {
  readonly #writer: Layout;
  readonly #reader: Layout;
  readonly #found: LayoutDifference[] = [];
  readonly #pairs: Pair[] = [];
  readonly #seen = new Set<string>();

  constructor(writer: Layout, reader: Layout) {
    this.#writer = writer;
    this.#reader = reader;
    this.#meet('', 0, 0);
  }

  differences(): LayoutDifference[] {
    for (const { path, written, read } of this.#pairs) {
      if (this.#found.length > maxDifferences) break;
      this.#compareFields(path, fieldsOf(this.#writer, written), fieldsOf(this.#reader, read));
    }
    if (this.#found.length <= maxDifferences) return this.#found;
    const rest = { path: '', what: `there are more differences than ${maxDifferences}`, readable: false };
    return [...this.#found.slice(0, maxDifferences - 1), Object.freeze(rest)];
  }

  #meet(path: string, written: number, read: number): void {
    const key = `${written} ${read}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#pairs.push({ path: path.length > maxPathLength ? '…' : path, written, read });
  }

  #compareFields(path: string, written: readonly FieldLayout[], read: readonly FieldLayout[]): void {
    const wanted = new Map(read.map((field) => [field.name, field]));
    const sent = new Set(written.map(({ name }) => name));
    for (const field of written) {
      const at = path === '' ? field.name : `${path}.${field.name}`;
      const other = wanted.get(field.name);
      if (other === undefined) this.#note(at, 'only the writer has it', true);
      else this.#compareField(at, field, other);
    }
    for (const { name, optional } of read) {
      if (sent.has(name)) continue;
      const what = optional ? 'only the reader has it' : 'only the reader has it, and must get it';
      this.#note(path === '' ? name : `${path}.${name}`, what, optional);
    }
  }

  #compareField(path: string, written: FieldLayout, read: FieldLayout): void {
    if (written.optional !== read.optional) {
      this.#note(path, written.optional ? 'the writer may leave it out' : 'the reader does not need it', true);
    }
    if (written.nullable !== read.nullable) {
      this.#note(path, written.nullable ? 'the writer may send null' : 'the reader also takes null', true);
    }
    this.#compareTypes(path, written.type, read.type);
  }

  #compareTypes(path: string, written: TypeLayout, read: TypeLayout): void {
    if (written.kind === 'record' && read.kind === 'record') {
      this.#meet(path, written.record, read.record);
    } else if (written.kind === 'array' && read.kind === 'array') {
      this.#compareTypes(`${path}[]`, written.items, read.items);
    } else if (written.kind === 'map' && read.kind === 'map') {
      this.#compareTypes(`${path}{}`, written.values, read.values);
    } else if (written.kind === 'union' && read.kind === 'union') {
      this.#compareUnions(path, written, read);
    } else if (written.kind === 'enum' && read.kind === 'enum') {
      this.#compareEnums(path, written.values, read.values);
    } else if (written.kind !== read.kind) {
      this.#note(path, `${written.kind} is written, ${read.kind} is read`, isWidened(written, read));
    }
  }

  #compareUnions(path: string, written: Union, read: Union): void {
    if (written.property !== read.property) {
      this.#note(path, `it is told by ${written.property} when written, by ${read.property} when read`, false);
      return;
    }
    const wanted = new Map(read.choices.map((choice) => [choice.name, choice.record]));
    for (const { name, record } of written.choices) {
      const other = wanted.get(name);
      if (other === undefined) this.#note(path, `only the writer has the choice ${quoted(name)}`, false);
      else this.#meet(`${path}(${name})`, record, other);
      wanted.delete(name);
    }
    for (const name of wanted.keys()) this.#note(path, `only the reader has the choice ${quoted(name)}`, true);
  }

  #compareEnums(path: string, written: readonly unknown[], read: readonly unknown[]): void {
    const sent = new Set(written);
    const wanted = new Set(read);
    for (const value of sent) {
      if (!wanted.has(value)) this.#note(path, `only the writer has the value ${quoted(value)}`, true);
    }
    for (const value of wanted) {
      if (!sent.has(value)) this.#note(path, `only the reader has the value ${quoted(value)}`, true);
    }
  }

  #note(path: string, what: string, readable: boolean): void {
    if (this.#found.length <= maxDifferences) this.#found.push(Object.freeze({ path, what, readable }));
  }
}

/** Longer ones begin anew: classes that nest one another may lead far, and a stranger chooses the names. */
const maxPathLength = 1_000;

function quoted(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

type Union = Extract<TypeLayout, { readonly kind: 'union' }>;

function fieldsOf({ records }: Layout, number: number): readonly FieldLayout[] {
  return records[number]?.fields ?? [];
}

/** Whether every value of one type is one of the other. */
function isWidened(written: TypeLayout, read: TypeLayout): boolean {
  if (read.kind === 'any') return true;
  if (written.kind === 'integer') return read.kind === 'number';
  if (written.kind !== 'enum') return false;
  const { values } = written;
  if (read.kind === 'string') return values.every((value) => typeof value === 'string');
  if (read.kind === 'number') return values.every((value) => typeof value === 'number');
  return read.kind === 'integer' && values.every((value) => Number.isSafeInteger(value));
}
