import { existsSync, readdirSync } from 'node:fs';
import type { BackEndModule } from '../../discovery/back-end.js';

/** The back ends of all packages that have one, by listing, as they were compiled beside the lab. */
export async function backEndsFound(): Promise<ReadonlyMap<string, BackEndModule>> {
  const files = readdirSync(folder)
    .sort()
    .map((name) => new URL(`${name}/test/discovery-back-end.js`, folder))
    .filter((file) => existsSync(file));
  const modules = await Promise.all(files.map(async (file) => (await import(file.href)) as BackEndModule));
  return new Map(modules.map((module) => [module.backEnd.name, module]));
}

/** One of them. Throws where there is none of that name, and says which there are. */
export async function backEndNamed(name: string): Promise<BackEndModule> {
  const all = await backEndsFound();
  const found = all.get(name);
  if (found === undefined) throw new Error(`no registry ${name}; there are ${[...all.keys()].join(', ')}`);
  return found;
}

/** This file runs from `test/chaos/dist/chaos/lab`. */
const folder = new URL('../../back-ends/packages/', import.meta.url);
