import { backEndNamed } from '../lab/back-ends.js';
import type { PlannedCell } from './cell.js';
import type { Choice } from './choice.js';
import { planOf } from './plan.js';
import type { Row } from './row.js';

/** The rows that are about a registry, once with each that was chosen: one cell after the other. */
export async function registryPlanOf(
  rows: readonly Row[],
  choice: Choice,
): Promise<readonly (readonly PlannedCell[])[]> {
  const { registries = [] } = choice;
  for (const name of registries) await backEndNamed(name);
  const chosen = planOf(rows, choice)
    .flat()
    .map(({ row }) => row)
    .filter((row) => row.registries === 'each');
  if (chosen.length === 0) {
    const those = rows.filter((row) => row.registries === 'each').map(({ id }) => id);
    throw new Error(`--registries is for rows that are about a registry: ${those.join(', ')}`);
  }
  const inOrder = rows.filter((row) => chosen.includes(row));
  return inOrder.flatMap((row) => registries.map((registry): PlannedCell[] => [{ row, wire: undefined, registry }]));
}
