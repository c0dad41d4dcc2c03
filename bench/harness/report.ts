import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';
import type { Effort, Outcome } from './side-by-side.js';

/** What a figure means nothing without. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly effort: Effort;
}

/** The machine, the date and the versions of what was measured. */
export function circumstances(packages: readonly string[], effort: Effort): Circumstances {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${platform()} ${release()}`;
  const versions = Object.fromEntries(packages.map((name) => [name, versionOf(name)]));
  return { date: new Date().toISOString(), machine, versions: { node: process.versions.node, ...versions }, effort };
}

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
export function writeResults(name: string, text: string, facts: Circumstances, outcomes: readonly Outcome[]): void {
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const versions = Object.entries(facts.versions).map(([what, version]) => `${what} ${version}`);
  const method = `${facts.effort.repetitions} repetitions of ${facts.effort.timeMs} ms a side, taking turns; medians`;
  const page = [`# ${name}`, text, `${facts.date}. ${facts.machine}. ${versions.join(', ')}. ${method}.`].join('\n\n');
  writeFileSync(new URL(`${name}.md`, folder), `${page}\n`);
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ ...facts, outcomes }, null, 2)}\n`);
}

/** Prints the line that the runner reads, and makes the process fail if a bar was missed. */
export function conclude(outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter((one) => !one.met).length;
  console.log(`\n${outcomes.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function micro(nanoseconds: number): string {
  return (nanoseconds / 1_000).toFixed(nanoseconds < 10_000 ? 2 : 0);
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
