import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { backEndsFound } from '../lab/back-ends.js';
import type { Cell } from './cell.js';
import { number } from './figures.js';

/**
 * What runs with `--registries` leave behind: `test/chaos/REGISTRIES.md`. A run renews the lines of the cells that it ran, and leaves the
 * others as they are: each line says when it was measured.
 */
export async function writeRegistries(cells: readonly Cell[], command: string): Promise<void> {
  const file = new URL('REGISTRIES.md', folder);
  const old = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(isLine) : [];
  const lines = new Map(old.map((line) => [keyOf(line), line]));
  const backEnds = await backEndsFound();
  for (const cell of cells) {
    const isDouble = backEnds.get(cell.registry ?? '')?.backEnd.isDouble === true;
    const line = lineOf(cell, isDouble);
    lines.set(keyOf(line), line);
  }
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${platform()} ${release()}`;
  const head = ['ID', 'registry', 'fault', 'N', 'figure', 'bar', 'result', 'measured, load'];
  const page = [
    '# What the faults of a registry do, for each registry',
    '',
    'How to read it, and what a double is: [docs/chaos.md](../../docs/chaos.md#each-registry).',
    '',
    ...[head, head.map(() => '---')].map((cellsOf) => `| ${cellsOf.join(' | ')} |`),
    ...[...lines].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, line]) => line),
    '',
    ...[...backEnds.values()].map(({ backEnd: { name, what } }) => `- ${name}: ${what}`),
    '',
    `The last run: ${new Date().toISOString()}. ${machine}, node ${process.versions.node}. \`${command}\``,
    '',
  ];
  writeFileSync(file, page.join('\n'));
}

function lineOf({ row, registry = '', outcome, result, voidRuns }: Cell, isDouble: boolean): string {
  const n = result === 'skipped' ? '' : number(outcome.n);
  const notes = outcome.notes === undefined ? '' : ` (${outcome.notes})`;
  const figure = `${outcome.figure}${voidRuns === 0 ? '' : ` (after ${voidRuns} void)`}${notes}`;
  const measured = `${new Date().toISOString().slice(0, 16)}Z, ${(loadavg()[1] ?? 0).toFixed(1)}`;
  const name = isDouble ? `${registry}, a double` : registry;
  const cells = [row.id, name, row.fault, n, figure, row.bar, result, measured];
  return `| ${cells.map((text) => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', '\\|')).join(' | ')} |`;
}

function isLine(text: string): boolean {
  return /^\| [A-Z]-\d\d \|/.test(text);
}

/** `R-01 | nats` */
function keyOf(line: string): string {
  return line.split(' | ').slice(0, 2).join(' | ');
}

/** This file runs from `test/chaos/dist/chaos/harness`. */
const folder = new URL('../../../', import.meta.url);
