import type { Cell } from './cell.js';
import { countOf, type KeptPage, renewPage } from './kept-page.js';

/** What all other runs leave behind: `test/chaos/RESULTS.md`. */
export function writeResults(cells: readonly Cell[], command: string): void {
  renewPage(page, cells, command);
}

const page: KeptPage = {
  file: 'RESULTS.md',
  opening: [
    '# What faults do to Tenon',
    '',
    'How to read it, and how a row is made: [docs/chaos.md](../../docs/chaos.md).',
  ],
  head: 'wire',
  nameOf: ({ wire }) => wire ?? '',
  closing: (lines) => {
    const count = (result: Cell['result']): string => `${countOf(lines, result)} ${result}`;
    return [`${count('passed')}, ${count('failed')}, ${count('skipped')}.`];
  },
};
