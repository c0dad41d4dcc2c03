import { counted, failuresOf, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { businesses, saturationOf } from '../harness/saturation.js';
import { goesFirst } from '../lab/goes-first.js';

export const afterOverload: Row = {
  id: 'O-02',
  fault: 'four times what a node can serve, then half of it',
  bar: 'the p99 of before again ≤ 2 s after the load drops, and 0 failed from then on',

  async run(lab) {
    const found = [];
    for (const business of businesses) {
      const fleet = await lab.fleet();
      const node = await fleet.start({ wrapper: goesFirst('all') });
      const caller = await fleet.caller();
      const saturation = await saturationOf(caller, node, business);
      const calm = { endpoint: 'work', rate: saturation / 2, options: { timeoutMs: 1_000 } } as const;
      const before = counted(await caller.load({ ...calm, name: 'before', durationMs: 3_000 }));
      await caller.load({
        ...calm,
        name: 'storm',
        rate: saturation * 4,
        durationMs: 4_000,
        options: { timeoutMs: 1_000, maxAttempts: 1 },
      });
      const after = counted(await caller.load({ ...calm, name: 'after', durationMs: 5_000 }));
      // The storm's own last calls end within a second of it.
      const settled = after.intervals.filter(({ fromMs }) => fromMs >= 2_000);
      const slow = settled.filter(({ p99Ms }) => p99Ms > before.latencyMs.p99 * 2);
      const p99s = settled.map(({ p99Ms }) => p99Ms).filter((p99Ms) => !Number.isNaN(p99Ms));
      const settledP99 = p99s.toSorted((one, other) => one - other)[Math.ceil(p99s.length * 0.9) - 1] ?? Number.NaN;
      const firstCalm = after.intervals.findIndex(
        ({ p99Ms, failed }) => failed === 0 && p99Ms <= before.latencyMs.p99 * 1.5,
      );
      const failedLater = settled.reduce((sum, { failed }) => sum + failed, 0);
      found.push({ name: business.name, before, after, settledP99, firstCalm, failedLater, slow });
      await caller.close();
      await node.terminate();
    }
    return {
      n: found.reduce((sum, { after }) => sum + after.sent, 0),
      figure: found
        .map(({ name, before, settledP99, firstCalm, failedLater }) => {
          const when = firstCalm < 0 ? 'never' : `after ${ms(firstCalm * 100)}`;
          return `${name}: p99 ${ms(settledP99)} from 2 s on, before ${ms(before.latencyMs.p99)}; as before ${when}; ${number(failedLater)} failed from 2 s on`;
        })
        .join('; '),
      passed: found.every(
        ({ before, settledP99, firstCalm, failedLater }) =>
          settledP99 <= before.latencyMs.p99 * 1.5 && firstCalm >= 0 && firstCalm < 20 && failedLater === 0,
      ),
      notes: found.map(({ name, after }) => `${name}: ${failuresOf(after.failures)}`).join('; '),
    };
  },
};
