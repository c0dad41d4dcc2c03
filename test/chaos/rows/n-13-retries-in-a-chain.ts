import { counted, failuresOf, shareOf, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { startChain } from '../lab/chain.js';

export const retriesInAChain: Row = {
  id: 'N-13',
  fault: 'A → B → C → D, all idempotent, and D fails half of what it gets',
  bar: "D's arrivals ≤ 1.15× A's calls",
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const chain = await startChain(lab, ['hop-a', 'hop-b', 'hop-c', 'hop-d']);
    const load = { rate: 250, durationMs: isLong ? 120_000 : 20_000 } as const;
    await ready();
    await chain.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const last = chain.hops[3];
    await last?.settings({ failShare: 0.5 });
    const arrivals = async (): Promise<readonly number[]> =>
      Promise.all(chain.hops.map(async (hop) => (await hop.report()).arrivals));
    const before = await arrivals();
    const result = counted(await chain.load({ ...load, name: 'go' }));
    const more = (await arrivals()).map((count, index) => (count - (before[index] ?? 0)) / result.sent);
    const ratio = more[3] ?? Number.NaN;
    return {
      n: result.sent,
      figure: [
        `${times(ratio)} arrivals at D`,
        `at A, B and C ${more.slice(0, 3).map(times).join(', ')}`,
        `${shareOf(result.failed, result.sent)} failed`,
      ].join('; '),
      // D must have failed, and somebody must have repeated.
      passed: ratio <= 1.15 && ratio > 1 && result.failed > result.sent * 0.3,
      notes: failuresOf(result.failures),
    };
  },
};
