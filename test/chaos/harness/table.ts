import type { Cell } from './cell.js';
import { number } from './figures.js';
import { resultOf } from './second-try.js';

/** What was found as a table of Markdown, and the notes under it. */
export function tableOf(cells: readonly Cell[]): string {
  const head = ['ID', 'wire', 'fault', 'N', 'figure', 'bar', 'result'];
  const rows = cells.map((cell) => {
    const { row, wire, registry, outcome, result, voidRuns } = cell;
    const n = result === 'skipped' ? '' : number(outcome.n);
    const figure = voidRuns === 0 ? outcome.figure : `${outcome.figure} (after ${voidRuns} void)`;
    return [row.id, wire ?? registry ?? '', row.fault, n, figure, row.bar, resultOf(cell)];
  });
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(inCell).join(' | ')} |`);
  const notes = cells.flatMap(({ row, wire, registry, outcome, first }) => {
    const name = `${row.id}${wire === undefined ? '' : ` over ${wire}`}${registry === undefined ? '' : ` with ${registry}`}`;
    const before = first === undefined ? [] : [`- ${name}, the first time: ${oneLine(first.figure)}`];
    return outcome.notes === undefined ? before : [...before, `- ${name}: ${oneLine(outcome.notes)}`];
  });
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

/** One line as a cell ends, to be read while the rest runs. */
export function lineOf(cell: Cell): string {
  const { row, wire, registry, outcome, seconds } = cell;
  const name = [row.id, wire, registry].filter((part) => part !== undefined).join(' ');
  return `${resultOf(cell).padEnd(7)} ${name}: ${oneLine(outcome.figure)} [${Math.round(seconds)} s]`;
}

/** `12 passed, 1 failed, 2 skipped` */
export function totalOf(cells: readonly Cell[]): string {
  const count = (result: Cell['result']): number => cells.filter((cell) => cell.result === result).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

function inCell(text: string): string {
  return oneLine(text).replaceAll('|', '\\|');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
