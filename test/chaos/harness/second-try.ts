import type { Cell } from './cell.js';

/**
 * Runs each cell that failed once more, alone and after all others: what is our fault fails again, what a busy machine did hardly. What was
 * found the first time stays beside it, and the table tells such a cell from one that passed at once.
 *
 * @param again - runs a cell anew.
 */
export async function withSecondTry(
  cells: readonly Cell[],
  again: (cell: Cell) => Promise<Cell>,
): Promise<readonly Cell[]> {
  const found: Cell[] = [];
  for (const cell of cells) {
    found.push(cell.result === 'failed' ? { ...(await again(cell)), first: cell.outcome } : cell);
  }
  return found;
}

/** `passed`, `passed the second time`, `failed twice`. */
export function resultOf({ result, first }: Cell): string {
  if (first === undefined) return result;
  return result === 'failed' ? 'failed twice' : `${result} the second time`;
}
