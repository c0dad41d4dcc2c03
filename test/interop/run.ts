import { aboveBar, barOf, belowBar } from './harness/bar.js';
import { chosen, readChoice } from './harness/choice.js';
import { strangersFound } from './harness/find-strangers.js';
import { type Installers, Machine } from './harness/machine.js';
import { countOf, type Report, reportOn, totalOf } from './harness/report.js';
import { writeResults } from './harness/results-page.js';
import { lineOf, linesOfCases, tableOf } from './harness/table.js';

/**
 * Lets the chosen strangers meet Tenon one after the other, and prints what was found.
 *
 * @returns the exit code: 1 on any failure, and where fewer cases passed than the bar of this kind of machine says
 */
export async function interop(args: readonly string[], installers: Installers): Promise<number> {
  const names = readChoice(args);
  const strangers = chosen(await strangersFound(), names);
  const machine = new Machine(installers);
  // Children are killed when a process exits, which a signal alone would not let it do.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  const reports: Report[] = [];
  for (const stranger of strangers) {
    const report = await reportOn(stranger, machine);
    reports.push(report);
    console.log([lineOf(report), ...linesOfCases(report)].join('\n'));
  }
  console.log(`\n${tableOf(reports)}\n`);
  const isWhole = names === undefined;
  const below = judged(machine.kind, reports, isWhole);
  if (isWhole) writeResults(reports, machine.kind, below, 'npm run interop');
  console.log(totalOf(reports));
  return below.length === 0 && reports.every((report) => countOf(report, 'failed') === 0) ? 0 : 1;
}

/** Holds what was found against the bar, says how it compares, and returns what is below. */
function judged(kind: string, reports: readonly Report[], isWhole: boolean): readonly string[] {
  const bar = barOf(kind);
  if (bar === undefined) {
    console.log(`No bar is set for this kind of machine (${kind}): test/interop/bar.json.\n`);
    return [];
  }
  const below = belowBar(bar, reports, isWhole);
  const above = aboveBar(bar, reports);
  if (below.length > 0) console.log(`Below the bar of this kind of machine (${kind}): ${below.join(', ')}\n`);
  if (above.length > 0) console.log(`Above it, to be raised in test/interop/bar.json: ${above.join(', ')}\n`);
  return below;
}
