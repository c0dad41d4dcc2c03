import type { Cell, Effort, Entrant } from '../bars/cells.js';
import type { Figures } from '../child/figures.js';
import type { Contestant } from '../contestants/contestant.js';
import { unequalCounts } from './counts.js';
import { type Entry, entryOf, heat, traitsOf } from './heat.js';
import { NatsServer } from './nats-server.js';
import { ratios } from './ratios.js';
import type { CellResult, Result } from './result.js';
import { median } from './statistics.js';

/** Measures a cell; once more where its canary made the first time void. */
export async function race(cell: Cell, effort: Effort): Promise<CellResult> {
  const first = await raceOnce(cell, effort);
  if (first.void === undefined || effort.name === 'quick') return first;
  console.log(`VOID: ${first.void}; once more`);
  return raceOnce(cell, effort);
}

async function raceOnce(cell: Cell, effort: Effort): Promise<CellResult> {
  const starters = await Promise.all(cell.entrants.map(starterOf));
  const nats = starters.some(({ traits }) => traits?.needsNats) ? await NatsServer.start() : undefined;
  try {
    const repetitions = cell.once ? 1 : effort.repetitions;
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      // A B C, then C B A: what a neighbour leaves behind falls on both.
      for (const starter of repetition % 2 === 0 ? starters : starters.toReversed()) {
        await run(starter, effort, starter.traits?.needsNats ? nats : undefined);
      }
    }
  } finally {
    await nats?.stop();
  }
  const results = starters.map(({ entrant, heats, traits, skipped, failed }) => ({
    entrant: entrant.name,
    heats,
    ...(traits?.raises === undefined ? {} : { raises: traits.raises }),
    ...(skipped === undefined ? {} : { skipped }),
    ...(failed === undefined ? {} : { failed }),
  }));
  const dead = voidness(cell, results);
  return { cell: cell.name, about: cell.about, results, ...(dead === undefined ? {} : { void: dead }) };
}

interface Starter {
  readonly entrant: Entrant;
  readonly entry?: Entry;
  readonly traits?: Contestant;
  readonly heats: Figures[];
  readonly skipped?: string;
  failed?: string;
}

async function starterOf(entrant: Entrant): Promise<Starter> {
  const entry = entryOf(entrant.contestant);
  if (entry === undefined) return { entrant, heats: [], skipped: `there is no contestant ${entrant.contestant}` };
  let traits: Contestant;
  try {
    traits = await traitsOf(entry);
  } catch (error) {
    return { entrant, heats: [], failed: `it does not load: ${String(error)}` };
  }
  if (traits.needsNats && NatsServer.version() === undefined) {
    return { entrant, heats: [], skipped: 'nats-server is not installed (apt-get install nats-server)' };
  }
  return { entrant, entry, traits, heats: [] };
}

async function run(starter: Starter, effort: Effort, nats: NatsServer | undefined): Promise<void> {
  const { entrant, entry, traits } = starter;
  if (entry === undefined || traits === undefined || starter.skipped !== undefined || starter.failed !== undefined)
    return;
  const warmupMs = traits.startsSlowly ? effort.slowWarmupMs : effort.warmupMs;
  try {
    const figures = await heat(entry, traits, entrant.task(effort, warmupMs), nats);
    const wrong = unequalCounts(figures);
    if (wrong !== undefined) throw new Error(wrong);
    starter.heats.push(figures);
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
    starter.failed = message;
    console.log(`${entrant.name} FAILED: ${message}\n${cause ?? ''}`);
  }
}

function voidness({ canary }: Cell, results: readonly Result[]): string | undefined {
  if (canary === undefined) return undefined;
  const ratio = median(ratios(results, canary.one, canary.other, ({ rates }) => rates[0] ?? Number.NaN));
  if (!(ratio < canary.atLeast)) return undefined;
  return `${canary.one} did ${ratio.toFixed(1)} × ${canary.other}, under ${canary.atLeast} ×: the machine was too busy`;
}
