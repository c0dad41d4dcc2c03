import { number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';

export const stuckStream: Row = {
  id: 'T-13',
  fault: '1 of 100 server streams of a connection is not read',
  bar: 'the other 99 keep ≥ 90 % of the throughput that they have alone',

  async run(lab, { isLong }) {
    const found = [];
    for (const wire of ['tenon/1', 'tenon/1+tls', 'h2+tls'] as const)
      found.push(await over(lab, wire, isLong ? 10_000 : 2_000));
    const least = Math.min(...found.map(({ share }) => share));
    const failures = found.flatMap((one) => one.failures);
    return {
      n: found.reduce((sum, one) => sum + one.pieces, 0),
      figure: found
        .map(({ wire, share, fewest }) => `${wire}: ${percent(share)}, the poorest stream got ${number(fewest)}`)
        .join('; '),
      passed: least >= 0.9 && failures.length === 0 && found.every(({ fewest }) => fewest > 0),
      notes: [
        ...found.map(({ wire, perSecond }) => `${wire}: ${number(Math.round(perSecond))} messages a second`),
        ...failures,
      ].join('; '),
    };
  },
};

/** Alone, with one that is stuck, and so on in turns: what the machine does meanwhile meets both. */
async function over(lab: Lab, wire: Wire, durationMs: number) {
  const fleet = await lab.fleet({ wire });
  await fleet.start();
  const caller = await fleet.caller();
  const order = { streams: 99, bytes: 1_024, durationMs };
  await caller.read({ ...order, name: 'warm-up', durationMs: 1_000 });
  const alone: number[] = [];
  const beside: number[] = [];
  const failures: string[] = [];
  let pieces = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3; turn += 1) {
    const before = await caller.read({ ...order, name: 'alone' });
    alone.push(before.perSecond);
    const stuck = caller.read({ name: 'stuck', streams: 1, bytes: 16_384, durationMs: 60_000, pauseMs: null });
    const after = await caller.read({ ...order, name: 'beside' });
    await caller.stopReading('stuck');
    const { pieces: taken, failures: stuckFailures } = await stuck;
    beside.push(after.perSecond);
    pieces += before.pieces + after.pieces;
    fewest = Math.min(fewest, after.fewest);
    if (taken > 1) failures.push(`the stuck stream was read ${taken} times`);
    failures.push(...before.failures, ...after.failures, ...stuckFailures);
  }
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
  return { wire, share: sum(beside) / sum(alone), perSecond: sum(alone) / alone.length, pieces, fewest, failures };
}
