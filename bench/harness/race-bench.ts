import { type Cell, chosenCells, type Effort, efforts } from '../bars/cells.js';
import { canPin } from './child.js';
import { type Circumstances, circumstances, writePage } from './circumstances.js';
import { endWithCommand, tell } from './command.js';
import { judge, type Verdict } from './judge.js';
import { NatsServer } from './nats-server.js';
import { race } from './race.js';
import type { CellResult } from './result.js';
import { cellTable, verdictTable } from './tables.js';

/**
 * Runs the cells of one bench, all that bars name or those that the command line names, prints their tables, judges
 * them, and writes `results/NAME.{md,json}` where the whole bench was measured.
 *
 * Arguments: names of cells, `--quick`, `--long`.
 */
export async function raceBench(name: Cell['bench'], args: readonly string[]): Promise<void> {
  endWithCommand();
  const effort = effortOf(args);
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  console.log(`${methodOf(effort)}\n`);
  const results: CellResult[] = [];
  const verdicts: Verdict[] = [];
  for (const cell of chosenCells(name, wanted, effort.name)) {
    const result = await race(cell, effort);
    results.push(result);
    verdicts.push(...judge(result));
    console.log(`${cellTable(result)}\n`);
  }
  if (verdicts.length > 0) console.log(`${verdictTable(verdicts)}\n`);
  if (wanted.length === 0 && effort.name !== 'quick') keep(name, effort, results, verdicts);
  conclude(effort, results, verdicts);
}

function effortOf(args: readonly string[]): Effort {
  if (args.includes('--quick')) return efforts.quick;
  return args.includes('--long') ? efforts.long : efforts.default;
}

function circumstancesOf(name: string, effort: Effort): Circumstances {
  const command = `npm run bench -- ${name}${effort.name === 'long' ? ' --long' : ''}`;
  const facts = circumstances(['tenon', 'msgpackr'], command);
  const nats = NatsServer.version();
  return nats === undefined ? facts : { ...facts, versions: { ...facts.versions, 'nats-server': nats } };
}

function keep(name: string, effort: Effort, results: readonly CellResult[], verdicts: readonly Verdict[]): void {
  const method = methodOf(effort);
  const bars = verdicts.length > 0 ? ['## Bars', verdictTable(verdicts)] : [];
  const text = [...results.map(cellTable), ...bars, `${method}.`].join('\n\n');
  writePage(name, text, circumstancesOf(name, effort), { method, results, verdicts });
}

function methodOf({ repetitions, warmupMs, windowMs }: Effort): string {
  return `${repetitions} repetitions (of a soak one), windows of ${windowMs} ms after ${warmupMs} ms or more; ${pinning}`;
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
  tell(isQuick ? verdicts.map((verdict) => ({ ...verdict, outcome: 'not judged' })) : verdicts);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const pinning = canPin
  ? 'servers on processor 0, clients on processor 1'
  : 'processes are not pinned: there is one processor, or no taskset';
