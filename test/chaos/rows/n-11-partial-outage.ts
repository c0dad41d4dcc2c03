import { counted, failuresOf, shareOf, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { arrivalsOf, settingsOfAll } from '../lab/all-nodes.js';

export const partialOutage: Row = {
  id: 'N-11',
  fault: '5 %, then 50 % of attempts fail on every node',
  bar: 'at 5 %: the caller sees ≤ 0.05 %; at 50 %: arrivals / calls ≤ 1.1 over 60 s',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    for (let started = 0; started < 3; started += 1) await fleet.start();
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 375 } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 1_000 });

    await settingsOfAll(fleet, { failShare: 0.05 });
    const few = counted(await caller.load({ ...load, name: 'few', durationMs: isLong ? 120_000 : 24_000 }));
    await settingsOfAll(fleet, { failShare: 0.5 });
    const before = await arrivalsOf(fleet);
    // As long as it takes until what ten good seconds have deposited is a small part of the whole.
    const many = counted(await caller.load({ ...load, name: 'many', durationMs: 60_000 }));
    const ratio = ((await arrivalsOf(fleet)) - before) / many.sent;
    return {
      n: few.sent + many.sent,
      figure: [
        `at 5 %: ${shareOf(few.failed, few.sent)} failed`,
        `at 50 %: ${times(ratio)} arrivals, ${shareOf(many.failed, many.sent)} failed`,
      ].join('; '),
      // Both must have felt the fault: a node that never failed would show nothing.
      passed: few.failed / few.sent <= 0.0005 && ratio <= 1.1 && ratio > 1 && many.failed > many.sent * 0.3,
      notes: [
        ...(few.failed === 0 ? [] : [`at 5 %: ${failuresOf(few.failures)}`]),
        `at 50 %: ${failuresOf(many.failures)}`,
      ].join('; '),
    };
  },
};
