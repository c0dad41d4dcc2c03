import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Cell } from './cell.js';
import { number } from './figures.js';
import { resultOf } from './second-try.js';

/** A page of results: one line for each cell that ever ran. */
export interface KeptPage {
  /** In `test/chaos`. */
  readonly file: string;
  /** Above the table. */
  readonly opening: readonly string[];
  /** What tells cells of one row from each other, and its column's head: a wire, or a registry. */
  readonly head: string;
  readonly nameOf: (cell: Cell) => string;
  /** Below the table, from its lines. */
  readonly closing: (lines: readonly string[]) => readonly string[];
}

/** Renews the lines of the cells that ran, and leaves the others as they are: each line says when it was measured. */
export function renewPage(
  { file, opening, head, nameOf, closing }: KeptPage,
  cells: readonly Cell[],
  command: string,
): void {
  const path = new URL(file, folder);
  const old = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(isLine) : [];
  const lines = new Map(old.map((line) => [keyOf(line), line]));
  for (const cell of cells) {
    const line = lineOf(cell, nameOf(cell));
    lines.set(keyOf(line), line);
  }
  const sorted = [...lines].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, line]) => line);
  const columns = ['ID', head, 'fault', 'N', 'figure', 'bar', 'result', 'measured, load'];
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${platform()} ${release()}`;
  const page = [
    ...opening,
    '',
    ...[columns, columns.map(() => '---')].map((texts) => `| ${texts.join(' | ')} |`),
    ...sorted,
    '',
    ...closing(sorted),
    '',
    `The last run: ${new Date().toISOString()}. ${machine}, node ${process.versions.node}. \`${command}\``,
    '',
  ];
  writeFileSync(path, page.join('\n'));
}

/** How many of the lines say that. */
export function countOf(lines: readonly string[], result: Cell['result']): number {
  return lines.filter((line) => line.split(' | ').at(-2)?.startsWith(result)).length;
}

function lineOf(cell: Cell, name: string): string {
  const { row, outcome, first, result, voidRuns } = cell;
  const n = result === 'skipped' ? '' : number(outcome.n);
  const figure = [
    outcome.figure,
    ...(voidRuns === 0 ? [] : [`(after ${voidRuns} void)`]),
    ...(outcome.notes === undefined || outcome.notes === '' ? [] : [`(${outcome.notes})`]),
    ...(first === undefined ? [] : [`(the first time: ${first.figure})`]),
  ].join(' ');
  const measured = `${new Date().toISOString().slice(0, 16)}Z, ${(loadavg()[1] ?? 0).toFixed(1)}`;
  const texts = [row.id, name, row.fault, n, figure, row.bar, resultOf(cell), measured];
  return `| ${texts.map((text) => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', '\\|')).join(' | ')} |`;
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
