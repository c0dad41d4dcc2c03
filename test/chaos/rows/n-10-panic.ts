import { counted, failuresOf, ms, number, percent, shareOf } from '../harness/figures.js';
import { shareOfAttempts } from '../harness/rotation.js';
import type { Outcome, Row } from '../harness/row.js';
import type { CallerOptions, Fleet, FleetNode } from '../lab/fleet.js';
import type { LoadFindings } from '../nodes/orders.js';

export const panic: Row = {
  id: 'N-10',
  fault: '2 of 3 nodes fail all their calls, then are killed; 200 calls a second, by a round robin and by default',
  bar: 'with < 50 % healthy all are used; never "no node" while one answers; killed ones: 0 failed',
  transports: 'each',
  together: 'pairs',

  async run(lab) {
    const fleet = await lab.fleet();
    await fleet.start();
    const unhealthy = [await fleet.start(), await fleet.start()];
    const parts: Outcome[] = [];
    for (const strategy of ['round robin', undefined] as const) {
      const load = await loadWhile(fleet, strategy ?? 'default', strategy, async () => {
        for (const node of unhealthy) await node.settings({ failShare: 1 });
      });
      for (const node of unhealthy) await node.settings({});
      parts.push(failing(load, strategy, unhealthy));
    }
    const load = await loadWhile(fleet, 'killed', undefined, async () => {
      await Promise.all(unhealthy.map((node) => node.kill()));
    });
    parts.push({
      n: load.sent,
      figure: `killed: ${shareOf(load.failed, load.sent)} failed`,
      passed: load.failed === 0,
      notes: `killed: ${load.failed === 0 ? `slowest ${ms(load.latencyMs.max)}` : failuresOf(load.failures)}`,
    });
    return {
      n: parts.reduce((sum, { n }) => sum + n, 0),
      figure: parts.map(({ figure }) => figure).join('; '),
      passed: parts.every(({ passed }) => passed),
      notes: parts.map(({ notes }) => notes).join('; '),
    };
  },
};

/** A caller of its own meets three healthy nodes, and what becomes of them. */
async function loadWhile(
  fleet: Fleet,
  name: string,
  strategy: CallerOptions['strategy'],
  fault: () => Promise<void>,
): Promise<LoadFindings> {
  const caller = await fleet.caller(strategy === undefined ? {} : { strategy });
  const load = { endpoint: 'work', rate: 200 } as const;
  // What is in flight to two of three nodes may all be repeated twice: a caller has earned that by then.
  await caller.load({ ...load, name: `${name}: warm-up`, durationMs: 5_000 });
  const running = caller.load({ ...load, name, durationMs: 4_000, slowMs: 1_000 });
  await fault();
  const result = counted(await running);
  await caller.close();
  return result;
}

/** With a round robin all nodes must be in use; by default the strategy itself prefers the one that answers. */
function failing(
  load: LoadFindings,
  strategy: CallerOptions['strategy'],
  unhealthy: readonly FleetNode[],
): Outcome & { readonly notes: string } {
  const name = strategy ?? 'default strategy';
  const withoutNode = load.slow.filter(({ message = '' }) => /^\w+: no node/.test(message));
  const shares = unhealthy.map((node) => shareOfAttempts(load, node.address, settledMs));
  const seconds = Math.floor(load.intervals.length / 10);
  const silent = Array.from({ length: seconds }, (_, second) => {
    return load.intervals.slice(second * 10, second * 10 + 10).reduce((sum, { ok }) => sum + ok, 0);
  }).filter((answers) => answers === 0).length;
  const usesAll = shares.every((share) => share >= fewestShare);
  return {
    n: load.sent,
    figure: [
      `${name}: ${shareOf(withoutNode.length, load.sent)} "no node"`,
      `${shares.map(percent).join(' and ')} of attempts on the unhealthy`,
      `${number(load.failed)} failed`,
    ].join(', '),
    passed: withoutNode.length === 0 && silent === 0 && (strategy === undefined || usesAll),
    notes: `${name}: ${load.failed === 0 ? 'none failed' : failuresOf(load.failures)}`,
  };
}

const settledMs = 2_000;
/** Of attempts, after 2 s: a third would be fair, and an ejected node gets one a second at most, of more than 200. */
const fewestShare = 0.1;
