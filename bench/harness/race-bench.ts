import { type Cell, chosenCells, type Effort, efforts } from '../bars/cells.js';
import { canPin } from './child.js';
import { type Circumstances, circumstances, writePage } from './circumstances.js';
import { judge, type Verdict } from './judge.js';
import { type CellResult, race } from './race.js';
import { cellTable, verdictTable } from './tables.js';

/**
 * Runs the cells of one bench, all that bars name or those that the command line names, prints their tables, judges
 * them, and writes `results/NAME.{md,json}` where the whole bench was measured.
 *
 * Arguments: names of cells, `--quick`, `--long`.
 */
export async function raceBench(name: Cell['bench'], args: readonly string[]): Promise<void> {
  const effort = effortOf(args);
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  console.log(`${effort.repetitions} repetitions, windows of ${effort.windowMs} ms; ${pinning}\n`);
  const results: CellResult[] = [];
  const verdicts: Verdict[] = [];
  for (const cell of chosenCells(name, wanted, effort.name)) {
    const result = await race(cell, effort);
    results.push(result);
    verdicts.push(...judge(result));
    console.log(`${cellTable(result)}\n`);
  }
  if (verdicts.length > 0) console.log(`${verdictTable(verdicts)}\n`);
  if (wanted.length === 0 && effort.name !== 'quick') keep(name, circumstancesOf(name, effort), results, verdicts);
  conclude(effort, results, verdicts);
}

function effortOf(args: readonly string[]): Effort {
  if (args.includes('--quick')) return efforts.quick;
  return args.includes('--long') ? efforts.long : efforts.default;
}

function circumstancesOf(name: string, effort: Effort): Circumstances {
  const command = `npm run bench -- ${name}${effort.name === 'long' ? ' --long' : ''}`;
  return circumstances(['msgpackr'], command);
}

function keep(name: string, facts: Circumstances, results: readonly CellResult[], verdicts: readonly Verdict[]): void {
  const tables = [...results.map(cellTable), ...(verdicts.length > 0 ? ['## Bars', verdictTable(verdicts)] : [])];
  writePage(name, tables.join('\n\n'), facts, { pinning, results, verdicts });
}

/** A quick run says what it found but judges nothing: its windows are too short. What broke fails it all the same. */
function conclude(effort: Effort, results: readonly CellResult[], verdicts: readonly Verdict[]): void {
  const broken = results.flatMap((one) => one.results).filter(({ failed }) => failed !== undefined).length;
  const count = (outcome: Verdict['outcome']): number => verdicts.filter((one) => one.outcome === outcome).length;
  const isQuick = effort.name === 'quick';
  if (isQuick) console.log('A quick run: the bars above are not judged; a cell passes where every answer was right.');
  const whole = results.filter((one) => one.results.some(({ heats }) => heats.length > 0)).length;
  const passed = isQuick ? whole : count('met');
  const failed = isQuick ? broken : count('NOT MET') + Math.max(count('FAILED'), broken);
  const skipped = isQuick ? results.length - whole : count('SKIPPED');
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const pinning = canPin
  ? 'servers on processor 0, clients on processor 1'
  : 'processes are not pinned: there is one processor, or no taskset';
