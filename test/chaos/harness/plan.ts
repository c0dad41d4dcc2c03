import { readdirSync } from 'node:fs';
import { type Wire, wires } from '../lab/wire.js';
import type { PlannedCell } from './cell.js';
import type { Choice } from './choice.js';
import type { Row } from './row.js';

/** Every row, by listing the folder: a new one is a new file. */
export async function rowsFound(): Promise<readonly Row[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const rows = await Promise.all(files.map(async (name) => rowOf(name, await import(new URL(name, folder).href))));
  return rows.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function rowOf(file: string, module: Readonly<Record<string, unknown>>): Row {
  const [row, ...more] = Object.values(module) as Row[];
  if (row === undefined || more.length > 0 || typeof row.run !== 'function') {
    throw new Error(`test/chaos/rows/${file.replace(/js$/, 'ts')} must export one row and nothing else`);
  }
  if (!file.startsWith(row.id.toLowerCase())) throw new Error(`the row ${row.id} stands in ${file}`);
  return row;
}

/** The cells of the chosen rows, in groups that run side by side, one group after another. */
export function planOf(rows: readonly Row[], choice: Choice): readonly (readonly PlannedCell[])[] {
  const unknown = choice.only?.filter((id) => !rows.some((row) => row.id === id)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`no row ${unknown.join(', ')}; there are ${rows.map(({ id }) => id).join(', ')}`);
  }
  const chosen = rows.filter(({ id }) => choice.only?.includes(id) ?? true);
  const quiet = chosen.filter((row) => row.quiet === true).map((row): PlannedCell => ({ row, wire: undefined }));
  const others = chosen.filter((row) => row.quiet !== true);
  return [...(quiet.length === 0 ? [] : [quiet]), ...others.flatMap((row) => groupsOf(row, choice))];
}

function cellsOf(row: Row, choice: Choice): readonly PlannedCell[] {
  const over = row.transports === 'each' ? (choice.wires ?? wires) : [undefined];
  return over.map((wire) => ({ row, wire }));
}

function groupsOf(row: Row, choice: Choice): readonly (readonly PlannedCell[])[] {
  const cells = cellsOf(row, choice);
  if (row.together === undefined) return cells.map((cell) => [cell]);
  if (row.together === 'all') return [cells];
  const isClear = ({ wire }: PlannedCell): boolean => wire !== undefined && clearWires.includes(wire);
  return [cells.filter(isClear), cells.filter((cell) => !isClear(cell))].filter(({ length }) => length > 0);
}

/** Two fleets are as many as two processors bear: first these, then those that encrypt, beside the one that has no processes. */
const clearWires: readonly Wire[] = ['tenon/1', 'http/1.1'];

/** This file runs from `test/chaos/dist/chaos/harness`. */
const folder = new URL('../rows/', import.meta.url);
