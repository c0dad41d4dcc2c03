import type { Caller, FleetNode } from '../lab/fleet.js';
import { counted, failuresOf, ms, percent, shareOf } from './figures.js';
import { attemptsOn, shareOfAttempts } from './rotation.js';
import type { Outcome } from './row.js';

/** A node begins to answer each call with UNAVAILABLE at once, as the one with the least to do, and stops when this resolves. */
export async function erroringNode(
  caller: Caller,
  victim: FleetNode,
  name: string,
  durationMs: number,
): Promise<Outcome & { readonly notes: string }> {
  const load = { endpoint: 'work', rate: 300 } as const;
  await caller.load({ ...load, name: `${name}: warm-up`, durationMs: 2_000 });
  const { arrivals } = await victim.report();
  await victim.settings({ failShare: 1 });
  const result = counted(await caller.load({ ...load, name, durationMs }));
  const { arrivals: arrivalsAtEnd } = await victim.report();
  await victim.settings({});
  const share = shareOfAttempts(result, victim.address, graceMs);
  const failing = result.failed === 0 ? [] : [failuresOf(result.failures)];
  return {
    n: result.sent,
    figure: [
      `${name}: ${shareOf(result.failed, result.sent)} failed`,
      `${percent(share)} of attempts after 2 s (${attemptsOn(result, victim.address, graceMs)} of them)`,
    ].join(', '),
    passed: result.failed === 0 && share <= 0.02 && arrivalsAtEnd > arrivals,
    notes: [
      ...failing,
      `${name}: it failed ${arrivalsAtEnd - arrivals} in all, p99 ${ms(result.latencyMs.p99)}, generator lag ${ms(result.lagMs)}`,
    ].join('; '),
  };
}

const graceMs = 2_000;
