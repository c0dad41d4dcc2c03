import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Circumstances } from './circumstances.js';
import type { Verdict } from './judge.js';
import { cpuOf, rateOf, ratios } from './ratios.js';
import type { CellResult, Result } from './result.js';
import { median } from './statistics.js';

/** What a whole race left in `results/NAME.json`. */
export interface KeptRun extends Circumstances {
  readonly results: readonly CellResult[];
  readonly verdicts: readonly Verdict[];
}

/** Writes the table of the newest results into README.md. A test compares the two, so that neither changes alone. */
export function writeReadmeTable(root: string): void {
  const file = join(root, 'README.md');
  writeFileSync(file, withTable(readFileSync(file, 'utf8'), readmeTable(keptRuns(root))));
}

/** The newest whole run of each bench that races contestants, as far as results are kept. */
export function keptRuns(root: string): readonly KeptRun[] {
  const folder = join(root, 'bench', 'results');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Partial<KeptRun>)
    .filter((run): run is KeptRun => run.results !== undefined);
}

/** A page with the table between its two marks. */
export function withTable(page: string, table: string): string {
  const [start, end] = [page.indexOf(opening), page.indexOf(closing)];
  if (start < 0 || end < start) throw new Error(`the page has no "${opening}" and "${closing}" after it`);
  return `${page.slice(0, start + opening.length)}\n${table}\n${page.slice(end)}`;
}

/** One row for each of the cells that people ask for, then how the bars came out, when and where. */
export function readmeTable(runs: readonly KeptRun[]): string {
  const kept = runs.flatMap(({ results }) => results);
  const shown = rows.flatMap(([cell, title]) => {
    const found = kept.find((one) => one.cell === cell);
    return found === undefined ? [] : [row([title, ...figuresOf(found)])];
  });
  if (shown.length === 0) return 'No results are kept yet.';
  const head = ['', 'Tenon', 'times as fast as (in brackets by CPU time)'];
  return [row(head), '|---|---|---|', ...shown, '', footOf(runs)].join('\n');
}

/** Tenon is the first entrant of each. */
const rows: readonly (readonly [cell: string, title: string])[] = [
  ['small@1', 'small, 1 in flight'],
  ['small@64', 'small, 64 in flight'],
  ['medium@64', 'medium, 64 in flight'],
  ['large@16', 'large, 16 in flight'],
  ['server-stream', 'messages of a server stream'],
  ['ping-pong@64', 'ping-pongs on 64 streams'],
  ['http-json@64', 'JSON over HTTP/1.1, 64 in flight'],
  ['local@64', 'within one process, 64 in flight'],
];

function figuresOf({ results, void: dead }: CellResult): readonly string[] {
  const [ours, ...others] = results;
  if (ours === undefined || ours.heats.length === 0 || ours.failed !== undefined) return ['FAILED', ''];
  const [rate, cpu] = [median(ours.heats.map(rateOf)), median(ours.heats.map(cpuOf))];
  const p50 = median(ours.heats.map(({ latencies }) => (latencies[0]?.p50 ?? Number.NaN) * 1e3));
  const latency = Number.isNaN(p50) ? '' : `, p50 ${whole(p50)} µs`;
  const figure = `${whole(rate)}/s${latency}, ${cpu.toFixed(cpu < 100 ? 1 : 0)} µs of CPU each`;
  if (dead !== undefined) return [figure, 'VOID: the machine was too busy to compare'];
  return [figure, others.map((other) => ratioText(results, ours.entrant, other)).join(', ')];
}

function ratioText(results: readonly Result[], ours: string, { entrant, heats, skipped, failed }: Result): string {
  if (skipped !== undefined) return `${entrant} skipped`;
  if (failed !== undefined || heats.length === 0) return `${entrant} failed`;
  const byRate = median(ratios(results, ours, entrant, rateOf));
  const byCpu = median(ratios(results, ours, entrant, (figures) => 1 / cpuOf(figures)));
  return `${entrant} ${short(byRate)} (${short(byCpu)})`;
}

function footOf(runs: readonly KeptRun[]): string {
  const all = (of: (run: KeptRun) => string): string => [...new Set(runs.map(of))].sort().join(' and ');
  const outcomes = runs.flatMap(({ verdicts }) => verdicts.map(({ outcome }) => outcome));
  const met = outcomes.filter((outcome) => outcome === 'met').length;
  const skipped = outcomes.filter((outcome) => outcome === 'SKIPPED').length;
  const unjudged = skipped === 0 ? '' : `, ${skipped} could not be judged`;
  const where = `${all(({ date }) => date.slice(0, 10))}, ${all(({ machine }) => machine)}, Node ${all(({ versions }) => versions.node ?? '')}`;
  return `${where}. ${met} of ${outcomes.length} bars met${unjudged}.`;
}

function short(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 1 : 0);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const opening = '<!-- bench -->';
const closing = '<!-- /bench -->';
