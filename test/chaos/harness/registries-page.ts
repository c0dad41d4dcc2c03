import { backEndsFound } from '../lab/back-ends.js';
import type { Cell } from './cell.js';
import { renewPage } from './kept-page.js';

/** What runs with `--registries` leave behind: `test/chaos/REGISTRIES.md`. */
export async function writeRegistries(cells: readonly Cell[], command: string): Promise<void> {
  const backEnds = await backEndsFound();
  const isDouble = (registry: string): boolean => backEnds.get(registry)?.backEnd.isDouble === true;
  const page = {
    file: 'REGISTRIES.md',
    opening: [
      '# What the faults of a registry do, for each registry',
      '',
      'How to read it, and what a double is: [docs/chaos.md](../../docs/chaos.md#each-registry).',
    ],
    head: 'registry',
    nameOf: ({ registry = '' }: Cell) => (isDouble(registry) ? `${registry}, a double` : registry),
    closing: () => [...backEnds.values()].map(({ backEnd: { name, what } }) => `- ${name}: ${what}`),
  };
  renewPage(page, cells, command);
}
