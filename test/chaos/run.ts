import { loadavg } from 'node:os';
import { type Cell, runCell, runGroup } from './harness/cell.js';
import { isWhole, readChoice } from './harness/choice.js';
import { missingOf } from './harness/must-pass.js';
import { planOf, rowsFound } from './harness/plan.js';
import { writeRegistries } from './harness/registries-page.js';
import { registryPlanOf } from './harness/registry-plan.js';
import { writeResults } from './harness/results-page.js';
import { withSecondTry } from './harness/second-try.js';
import { lineOf, tableOf, totalOf } from './harness/table.js';
import { TestRun } from './harness/test-run.js';
import { SharedServers } from './lab/shared-servers.js';
import { allWires, type Wire } from './lab/wire.js';
import { comparePeers } from './peers/compare.js';

/**
 * Runs the chosen rows and prints what was found.
 *
 * @param install - makes sure that programs are there, by default etcd and nats-server; asked where a row needs them.
 * @returns the exit code: 1 on any failure, and where a whole run has fewer passed rows than it must
 */
export async function chaos(
  args: readonly string[],
  install: (programs?: readonly string[]) => Promise<void>,
): Promise<number> {
  const choice = readChoice(args);
  const rows = await rowsFound();
  const plan = choice.registries === undefined ? planOf(rows, choice) : await registryPlanOf(rows, choice);
  // Children and servers are killed when a process exits, which a signal alone would not let it do.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => process.exit(code));
  // Each child is killed when this process exits, and a whole fleet is more than the ten listeners that Node.js takes for normal.
  process.setMaxListeners(0);
  await using servers = new SharedServers(install);
  if (choice.peers) {
    await comparePeers(servers);
    return 0;
  }
  const tests = new TestRun(plan.flat().flatMap(({ row }) => row.tests ?? []));
  const parts = { servers, tests, isLong: choice.isLong, note: (text: string) => console.log(`        ${text}`) };
  const found: Cell[] = [];
  const order = ({ row, wire }: Cell): number => rows.indexOf(row) * 10 + allWires.indexOf(wire as Wire);
  for (const group of plan) {
    found.push(...(await runGroup(group, parts, (cell) => console.log(lineOf(cell)))));
  }
  const cells = [...(await withSecondTry(found, (cell) => runCell(cell, parts)))];
  cells.sort((one, other) => order(one) - order(other));
  console.log(`\n${tableOf(cells)}\n`);
  console.log(
    `load average of the last minutes: ${loadavg()
      .map((one) => one.toFixed(1))
      .join(', ')}\n`,
  );
  const missing = isWhole(choice) ? missingOf(cells) : [];
  const command = ['npm run chaos', ...(args.length === 0 ? [] : ['--', ...args])].join(' ');
  if (choice.registries === undefined) writeResults(cells, command);
  else await writeRegistries(cells, command);
  if (missing.length > 0) console.log(`Missing of what must pass: ${missing.join(', ')}\n`);
  console.log(totalOf(cells));
  return cells.every(({ result }) => result !== 'failed') && cells.length > 0 && missing.length === 0 ? 0 : 1;
}
