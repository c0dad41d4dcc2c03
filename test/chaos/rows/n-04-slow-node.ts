import { counted, failuresOf, ms, percent, times } from '../harness/figures.js';
import { attemptsOn, shareOfAttempts } from '../harness/rotation.js';
import type { Row } from '../harness/row.js';
import type { Fleet, FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';

export const slowNode: Row = {
  id: 'N-04',
  fault: '1 of 3 nodes takes 200 ms longer, 500 calls a second',
  bar: 'its share ≤ 5 % after 3 s; p99 then ≤ 2× steady; share back ≥ 25 % within 30 s after it heals; 0 failed',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    const [victim] = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 500 } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const steady = counted(await caller.load({ ...load, name: 'steady', durationMs: 4_000 }));

    await victim.settings({ delayMs: 200 });
    const noticing = counted(await caller.load({ ...load, name: 'noticing', durationMs: 3_000 }));
    const slow = counted(await caller.load({ ...load, name: 'slow', durationMs: isLong ? 30_000 : 4_000 }));
    await victim.settings({});
    const healing = caller.load({ ...load, name: 'healing', durationMs: backWithinMs });
    const backAfterMs = await sharesAgain(lab, fleet, victim);
    await caller.stop('healing');
    const healed = counted(await healing);

    const share = shareOfAttempts(slow, victim.address);
    const ratio = slow.latencyMs.p99 / steady.latencyMs.p99;
    const loads = [noticing, slow, healed];
    const failed = loads.reduce((sum, one) => sum + one.failed, 0);
    return {
      n: loads.reduce((sum, one) => sum + one.sent, 0),
      figure: [
        `${percent(share)} of attempts after 3 s (${attemptsOn(slow, victim.address)} of them)`,
        `p99 ${ms(slow.latencyMs.p99)}, ${times(ratio)} of ${ms(steady.latencyMs.p99)}`,
        backAfterMs === undefined ? 'share not back within 30 s' : `share back after ${ms(backAfterMs)}`,
        `${failed} failed`,
      ].join('; '),
      passed: share <= 0.05 && ratio <= 2 && backAfterMs !== undefined && failed === 0,
      notes: [
        ...(failed === 0 ? [] : [failuresOf(loads.flatMap(({ failures }) => failures))]),
        `first 3 s: ${percent(shareOfAttempts(noticing, victim.address))} of attempts; generator lag ${ms(slow.lagMs)}`,
      ].join('; '),
    };
  },
};

/** After how long a node had a quarter of the traffic of a second; undefined where it has not in time. */
async function sharesAgain(lab: Lab, fleet: Fleet, node: FleetNode): Promise<number | undefined> {
  const began = performance.now();
  let last = await arrivalsOf(fleet, node);
  while (performance.now() - began < backWithinMs) {
    await lab.pass(1_000);
    const now = await arrivalsOf(fleet, node);
    if (now.own - last.own >= 0.25 * (now.all - last.all)) return performance.now() - began;
    last = now;
  }
  return undefined;
}

async function arrivalsOf(fleet: Fleet, node: FleetNode): Promise<{ readonly own: number; readonly all: number }> {
  const counts = await Promise.all(fleet.nodes.map(async (one) => (await one.report()).arrivals));
  return { own: counts[fleet.nodes.indexOf(node)] ?? 0, all: counts.reduce((sum, count) => sum + count, 0) };
}

const backWithinMs = 30_000;
