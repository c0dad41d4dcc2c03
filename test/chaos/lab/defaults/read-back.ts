import { isDeepStrictEqual } from 'node:util';
import type { LabProcess } from '../lab-process.js';
import { optionTablesOf } from './documented.js';
import { defaultsTables, page } from './tables.js';

/** One documented default, and what was found of it. */
export interface ReadBack {
  /** `server.ttlMs`, and on the wire also where: `server.ttlMs (lease in etcd)`. */
  readonly option: string;
  readonly documented: unknown;
  readonly found: unknown;
  readonly isSame: boolean;
}

/** Holds every table against the objects of a process that runs with no options: an option that is nowhere found is not the same. */
export async function readObjects(process: LabProcess): Promise<readonly ReadBack[]> {
  const objects = await process.ask<readonly (readonly unknown[])[]>(
    'objects',
    defaultsTables.map(({ knownBy }) => [...knownBy]),
  );
  const unread = optionTablesOf(page).filter((heading) => !defaultsTables.some(({ of }) => of === heading));
  const missing = unread.map((heading) => ({
    option: heading,
    documented: 'a table',
    found: 'not read',
    isSame: false,
  }));
  const read = defaultsTables.flatMap(({ of, documented, paths = {}, elsewhere = [], told = [] }, index) =>
    documented()
      .filter(({ option }) => !elsewhere.includes(option))
      .map(({ option, value }): ReadBack => {
        const found = (objects[index] ?? []).map((object) => at(object, paths[option] ?? option));
        const same = found.filter((one) => isDeepStrictEqual(one, value));
        const isSame = same.length > 0 && (told.includes(option) || same.length === found.length);
        return { option: `${of}.${option}`, documented: value, found: isSame ? value : found, isSame };
      }),
  );
  return [...read, ...missing];
}

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => Reflect.get(Object(value), name), object);
}
