import { type Cell, chosenCells, type Effort } from '../bars/cells.js';
import { entryOf, traitsOf } from './heat.js';

/** Whether somebody in the cells that are about to run needs a nats-server, so that the command can install one. */
export async function needNats(
  plan: Iterable<readonly [bench: string, wanted: readonly string[]]>,
  effort: Effort['name'],
): Promise<boolean> {
  const chosen = [...plan].flatMap(([bench, wanted]): readonly Cell[] => chosenCells(bench, wanted, effort));
  const names = new Set(chosen.flatMap(({ entrants }) => entrants.map(({ contestant }) => contestant)));
  for (const entry of [...names].map(entryOf)) {
    // One that does not load is the race's to tell.
    const traits = entry && (await traitsOf(entry).catch(() => undefined));
    if (traits?.needsNats) return true;
  }
  return false;
}
