import { ServiceError } from '@tenon/contract';
import { ReadShape } from './read-shape.js';
import type { RecordCodes } from './record-codes.js';
import { structureLimits } from './structure-limits.js';

/** The structures that one peer has announced, by number. */
export class StructureList {
  readonly #codes: RecordCodes;
  readonly #structures: ReadShape[] = [];

  constructor(codes: RecordCodes) {
    this.#codes = codes;
  }

  at(number: number): ReadShape | undefined {
    return this.#structures[number];
  }

  /**
   * Takes an announcement: an array of the first new number and the lists of names.
   *
   * @throws ServiceError `InvalidArgument` on anything else, and beyond {@link structureLimits}. Nothing is learned then.
   */
  learn(announcement: unknown): void {
    if (!Array.isArray(announcement)) throw refused('that is no array');
    const [first, ...lists] = announcement as readonly unknown[];
    if (first !== this.#structures.length)
      throw refused(`that does not go on from structure ${this.#structures.length}`);
    if (lists.length === 0) throw refused('without structures');
    if (first + lists.length > structureLimits.maxStructures) {
      throw refused(`of more than ${structureLimits.maxStructures} structures`);
    }
    const structures = lists.map((list) => {
      const names = checkedNames(list);
      return new ReadShape(names, this.#codes.of(names));
    });
    this.#structures.push(...structures);
  }
}

function checkedNames(list: unknown): readonly string[] {
  if (!Array.isArray(list) || list.length === 0) throw refused('of a structure without names');
  if (list.length > structureLimits.maxNames) throw refused(`of more than ${structureLimits.maxNames} names`);
  const names: string[] = [];
  let bytes = 0;
  for (const name of list as readonly unknown[]) {
    if (typeof name !== 'string') throw refused('of a name that is no string');
    if (name === '__proto__') throw refused('of the name __proto__');
    bytes += Buffer.byteLength(name);
    names.push(name);
  }
  if (bytes > structureLimits.maxNameBytes)
    throw refused(`of more than ${structureLimits.maxNameBytes} bytes of names`);
  if (new Set(names).size < names.length) throw refused('of the same name twice');
  // The engine's own copies, as they stand in objects: storing under another copy means to look that one up first.
  return Object.freeze(names.map((name) => Object.keys({ [name]: undefined })[0] as string));
}

function refused(what: string): ServiceError {
  return new ServiceError('InvalidArgument', `refused MessagePack: an announcement ${what}`, { executed: 'no' });
}
