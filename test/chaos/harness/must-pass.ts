import { type Wire, wires } from '../lab/wire.js';
import type { Cell } from './cell.js';

/** The rows of the catalogue that a whole run must have passed. Those from `N` over every wire. */
export const mustPass: readonly string[] = [
  ...ids('R', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
  ...ids('N', ...Array.from({ length: 19 }, (_, index) => index + 1), 22),
  ...ids('T', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16, 17),
  ...ids('H', 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 17),
  ...ids('O', 1, 2, 3, 4, 5, 6, 7, 8, 10),
  ...ids('P', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  ...ids('S', 1, 6, 7),
  ...ids('X', 1),
];

/** What is missing in a whole run: `R-01`, or `N-02 over http/1.1`. A wire to which a row does not apply is not. */
export function missingOf(cells: readonly Cell[]): readonly string[] {
  const settled = (id: string, wire?: Wire): boolean =>
    cells.some(
      (cell) =>
        cell.row.id === id &&
        (wire === undefined ? cell.result === 'passed' : cell.wire === wire && cell.result !== 'failed'),
    );
  return mustPass.flatMap((id) => {
    if (!cells.some(({ row }) => row.id === id)) return [id];
    if (!id.startsWith('N-')) return settled(id) ? [] : [id];
    return wires.filter((wire) => !settled(id, wire)).map((wire) => `${id} over ${wire}`);
  });
}

function ids(letter: string, ...numbers: readonly number[]): readonly string[] {
  return numbers.map((one) => `${letter}-${String(one).padStart(2, '0')}`);
}
