import { circumstances, writePage } from './circumstances.js';
import { tell } from './command.js';
import type { Effort, Outcome } from './side-by-side.js';

/** The outcomes as a table in Markdown. */
export function table(ours: string, theirs: string, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((one) => {
    const range = `${one.ratio.toFixed(1)} × (${one.lowest.toFixed(1)}–${one.highest.toFixed(1)})`;
    const cells = [
      one.name,
      micro(one.oursNs),
      micro(one.theirsNs),
      range,
      `≥ ${one.bar} ×`,
      one.met ? 'met' : 'NOT MET',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = ['case', `${ours}, µs`, `${theirs}, µs`, 'faster by (lowest–highest)', 'bar', ''];
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows].join('\n');
}

/** Writes `results/NAME.md` and `results/NAME.json`. */
export function writeResults(
  name: string,
  text: string,
  packages: readonly string[],
  effort: Effort,
  outcomes: readonly Outcome[],
): void {
  const method = `${effort.repetitions} repetitions of ${effort.timeMs} ms a side, taking turns; medians.`;
  writePage(name, `${text}\n\n${method}`, circumstances(packages, `npm run bench -- ${name}`), { effort, outcomes });
}

/** Tells the bars, prints the line that the runner reads, and makes the process fail if a bar was missed. */
export function conclude(name: string, theirs: string, outcomes: readonly Outcome[]): void {
  tell(
    outcomes.map((one) => ({
      bar: `${name}: ${one.name} ≥ ${one.bar} × ${theirs}`,
      found: `${one.ratio.toFixed(2)} × by CPU`,
      outcome: one.met ? 'met' : 'NOT MET',
    })),
  );
  const failed = outcomes.filter((one) => !one.met).length;
  console.log(`\n${outcomes.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function micro(nanoseconds: number): string {
  return (nanoseconds / 1_000).toFixed(nanoseconds < 10_000 ? 2 : 0);
}
