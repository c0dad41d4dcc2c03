import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import { attemptsOn, inUseFor } from '../harness/rotation.js';
import type { Row } from '../harness/row.js';

export const refusingNode: Row = {
  id: 'N-07',
  fault: '1 of 3 nodes resets its connections and refuses new ones, 300 calls a second',
  bar: '0 failed; out of rotation ≤ 200 ms',
  transports: 'each',
  together: 'all',

  async run(lab, { wire, isLong }) {
    const fleet = await lab.fleet();
    // All of them stand behind a proxy: one alone would look slow, and get little of the traffic.
    const proxied = { proxied: wire !== 'memory' };
    const [victim] = [await fleet.start(proxied), await fleet.start(proxied), await fleet.start(proxied)];
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 300 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const running = caller.load({ ...load, name: 'refused', durationMs: isLong ? 30_000 : 5_000 });
    await lab.pass(1_000);
    const atEpochMs = performance.timeOrigin + performance.now();
    await victim.cut('refused');
    const result = counted(await running);

    const atMs = atEpochMs - result.beganAtEpochMs;
    const outMs = inUseFor(result, victim.address, atMs);
    const before = attemptsOn(result, victim.address) - attemptsOn(result, victim.address, atMs);
    return {
      n: result.sent,
      figure: `${shareOf(result.failed, result.sent)} failed; out after ${ms(outMs)}`,
      passed: before >= 20 && result.failed === 0 && outMs <= 200,
      notes: [
        ...(result.failed === 0 ? [] : [failuresOf(result.failures)]),
        `${attemptsOn(result, victim.address, atMs)} attempts on it from then on, slowest call ${ms(result.latencyMs.max)}`,
        `generator lag ${ms(result.lagMs)}`,
      ].join('; '),
    };
  },
};
