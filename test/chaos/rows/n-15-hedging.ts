import { counted, failuresOf, ms, number, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { settingsOfAll } from '../lab/all-nodes.js';

export const hedging: Row = {
  id: 'N-15',
  fault: '1 % of attempts take 1 s, on every node',
  bar: 'p99 ≤ 1.2 × hedge delay + median; extra load ≤ 5 %; losers cancelled at the server ≤ 50 ms',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    for (let started = 0; started < 3; started += 1) await fleet.start();
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 300, options: { hedgeAfterMs } } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 1_000 });
    const before = await Promise.all(fleet.nodes.map((node) => node.report()));
    await settingsOfAll(fleet, { slowShare: 0.01, slowMs: 1_000 });
    const hedged = counted(
      await caller.load({ ...load, name: 'hedged', durationMs: isLong ? 60_000 : 12_000, keepsEnds: true }),
    );

    const after = await Promise.all(fleet.nodes.map((node) => node.report()));
    const sumOf = (key: 'arrivals' | 'slow'): number =>
      after.reduce((sum, report, index) => sum + report[key] - (before[index]?.[key] ?? 0), 0);
    const cancels = (await Promise.all(fleet.nodes.map((node) => node.cancels()))).flat();
    const lateMs = cancels.map(({ id, atEpochMs }) => {
      return atEpochMs - (hedged.endsAtEpochMs?.[Number(id.slice('hedged-'.length))] ?? Number.NaN);
    });
    const slowestMs = Math.max(...lateMs);
    const slow = sumOf('slow');
    const extra = sumOf('arrivals') / hedged.sent;
    const { p50, p99, p999, max } = hedged.latencyMs;
    const bound = 1.2 * hedgeAfterMs + p50;
    return {
      n: hedged.sent,
      figure: [
        `p99 ${ms(p99)} of ${ms(bound)}, p99.9 ${ms(p999)}`,
        `${times(extra)} arrivals`,
        `${number(cancels.length)} of ${number(slow)} slow ones cancelled, ${ms(slowestMs)} after the answer at most`,
        `${number(hedged.failed)} failed`,
      ].join('; '),
      passed:
        hedged.failed === 0 &&
        p99 <= bound &&
        // A tenth of what is slow may be slow twice; without hedging it would be ten times as much.
        p999 < 1_000 &&
        extra <= 1.05 &&
        slowestMs <= 50 &&
        slow > 0 &&
        cancels.length >= slow * 0.9,
      notes: [`slowest ${ms(max)}`, ...(hedged.failed === 0 ? [] : [failuresOf(hedged.failures)])].join('; '),
    };
  },
};

const hedgeAfterMs = 50;
