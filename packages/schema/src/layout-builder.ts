import type { DtoClass } from '@tenon/contract';
import type { DtoField, DtoType } from './dto-schema.js';
import { isWellFormed } from './evidence.js';
import {
  type FieldLayout,
  type Layout,
  maxChoices,
  maxFields,
  maxLayoutBytes,
  maxNameBytes,
  maxRecords,
  type TypeLayout,
} from './layout.js';
import { encodeLayout } from './layout-writer.js';

/** The layout of a class, or what stands in its way. */
export interface Laid {
  readonly layout: Layout | undefined;
  readonly obstacles: readonly string[];
}

/**
 * Lays a class out, with all that it nests.
 *
 * @param fieldsOf - the fields of a class, `undefined` for one that cannot be read.
 */
export function layOut(root: DtoClass, fieldsOf: (dto: DtoClass) => readonly DtoField[] | undefined): Laid {
  const builder = new LayoutBuilder(fieldsOf);
  if (builder.refer(root) === undefined) {
    return refused([`${root.name} has no field that is known by a decorator or by an instance of it`]);
  }
  const records = builder.build();
  if (builder.obstacles.length > 0) return refused(builder.obstacles);
  const layout = Object.freeze({ records });
  const bytes = encodeLayout(layout).length;
  if (bytes <= maxLayoutBytes) return { layout, obstacles: Object.freeze([]) };
  return refused([`${root.name} with all that it nests takes ${bytes} bytes to describe, more than ${maxLayoutBytes}`]);
}

function refused(obstacles: readonly string[]): Laid {
  return { layout: undefined, obstacles: Object.freeze([...obstacles]) };
}

/** Numbers classes in the order in which the fields, by name, lead to them: where a field stands in its class is nothing. */
class LayoutBuilder {
  readonly obstacles: string[] = [];
  readonly #fieldsOf: (dto: DtoClass) => readonly DtoField[] | undefined;
  readonly #numbers = new Map<DtoClass, number>();
  /** The properties by which unions tell a class: not sent with it there, and so never required. */
  readonly #told = new Map<DtoClass, Set<string>>();

  constructor(fieldsOf: (dto: DtoClass) => readonly DtoField[] | undefined) {
    this.#fieldsOf = fieldsOf;
  }

  /** The number of a class, `undefined` for one of which no field is known. */
  refer(dto: DtoClass): number | undefined {
    const known = this.#numbers.get(dto);
    if (known !== undefined) return known;
    if ((this.#fieldsOf(dto) ?? []).length === 0) return undefined;
    const number = this.#numbers.size;
    this.#numbers.set(dto, number);
    return number;
  }

  build(): Layout['records'] {
    const records: (readonly FieldLayout[])[] = [];
    // Describing one class may number further ones, which then stand at the end.
    for (const dto of this.#numbers.keys()) {
      if (records.length === maxRecords) {
        this.obstacles.push(`${dto.name} is one class more than the ${maxRecords} that one layout may nest`);
        return [];
      }
      records.push(this.#record(dto));
    }
    const classes = [...this.#numbers.keys()];
    const finished = records.map((fields, number) => {
      const told = this.#told.get(classes[number] as DtoClass);
      const all = fields.map((field) =>
        Object.freeze({ ...field, optional: field.optional || told?.has(field.name) === true }),
      );
      return Object.freeze({ fields: Object.freeze(all) });
    });
    return Object.freeze(finished);
  }

  #record(dto: DtoClass): readonly FieldLayout[] {
    const byName = new Map((this.#fieldsOf(dto) ?? []).map((field) => [field.name, field]));
    if (byName.size > maxFields) this.obstacles.push(`${dto.name} has ${byName.size} fields, more than ${maxFields}`);
    for (const name of byName.keys()) if (!isWritable(name)) this.obstacles.push(unwritable(dto, name));
    const sorted = [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    return sorted.map(({ name, optional, nullable, type }) => ({ name, optional, nullable, type: this.#type(type) }));
  }

  #type(type: DtoType): TypeLayout {
    switch (type.kind) {
      case 'enum':
        return Object.freeze({ kind: 'enum', values: Object.freeze([...type.values]) });
      case 'array':
        return Object.freeze({ kind: 'array', items: this.#type(type.items) });
      case 'map':
        return Object.freeze({ kind: 'map', values: this.#type(type.values) });
      case 'record': {
        const record = this.refer(type.dto);
        return Object.freeze(record === undefined ? { kind: 'any' } : { kind: 'record', record });
      }
      case 'union':
        return this.#union(type);
      default:
        return Object.freeze({ kind: type.kind });
    }
  }

  #union({ property, choices }: Extract<DtoType, { kind: 'union' }>): TypeLayout {
    const names = new Set(choices.map(({ name }) => name));
    const distinct = names.size === choices.length && names.size > 0 && [...names].every(isWellFormed);
    if (!distinct || choices.length > maxChoices || !isWritable(property)) return Object.freeze({ kind: 'any' });
    const described = choices.flatMap(({ name, dto }) => {
      const record = this.refer(dto);
      return record === undefined ? [] : [Object.freeze({ name, record })];
    });
    if (described.length < choices.length) return Object.freeze({ kind: 'any' });
    for (const { dto } of choices) this.#told.set(dto, (this.#told.get(dto) ?? new Set()).add(property));
    return Object.freeze({ kind: 'union', property, choices: Object.freeze(described) });
  }
}

function isWritable(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  return bytes > 0 && bytes <= maxNameBytes && name !== '__proto__' && isWellFormed(name);
}

function unwritable(dto: DtoClass, name: string): string {
  return `${dto.name}.${name} has a name that cannot be written: empty, of more than ${maxNameBytes} bytes, or no UTF-8`;
}
