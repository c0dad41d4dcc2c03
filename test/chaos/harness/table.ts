import type { Cell } from './cell.js';
import { number } from './figures.js';

/** What was found as a table of Markdown, and the notes under it. */
export function tableOf(cells: readonly Cell[]): string {
  const head = ['ID', 'wire', 'fault', 'N', 'figure', 'bar', 'result'];
  const rows = cells.map(({ row, wire, registry, outcome, result, voidRuns }) => {
    const n = result === 'skipped' ? '' : number(outcome.n);
    const figure = voidRuns === 0 ? outcome.figure : `${outcome.figure} (after ${voidRuns} void)`;
    return [row.id, wire ?? registry ?? '', row.fault, n, figure, row.bar, result];
  });
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(inCell).join(' | ')} |`);
  const notes = cells.flatMap(({ row, wire, registry, outcome }) =>
    outcome.notes === undefined
      ? []
      : [
          `- ${row.id}${wire === undefined ? '' : ` over ${wire}`}${registry === undefined ? '' : ` with ${registry}`}: ${oneLine(outcome.notes)}`,
        ],
  );
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

/** One line as a cell ends, to be read while the rest runs. */
export function lineOf({ row, wire, registry, outcome, result, seconds }: Cell): string {
  const name = [row.id, wire, registry].filter((part) => part !== undefined).join(' ');
  return `${result.padEnd(7)} ${name}: ${oneLine(outcome.figure)} [${Math.round(seconds)} s]`;
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
