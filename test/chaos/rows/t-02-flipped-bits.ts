import { faults } from '@tenon/testing/fault-proxy';
import { failuresOf, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';
import { textOf } from '../nodes/stream-loads.js';

export const flippedBits: Row = {
  id: 'T-02',
  fault: 'one bit flipped in each 10 KiB of tenon/1, in the clear and under TLS',
  bar: 'connection closed with a protocol error; 0 wrong payloads delivered; 0 crashes',
  quiet: true,
  tests: [
    {
      file: 'packages/transport-tcp/test/hostile.test.ts',
      titles: ['a damaged bit never reaches a handler, wherever it is'],
    },
    {
      file: 'packages/transport-tcp/test/damage.test.ts',
      titles: ['of calls through a wire that flips bits none gets a wrong answer'],
    },
  ],

  async run(lab, { isLong, tested }) {
    const tests = await tested();
    const found = await Promise.all([over(lab, 'tenon/1', isLong), over(lab, 'tenon/1+tls', isLong)]);
    const sum = (of: (one: Found) => number): number => found.reduce((total, one) => total + of(one), 0);
    const answered = sum((one) => one.answered);
    const wrong = sum((one) => one.wrong);
    const connections = sum((one) => one.connections);
    return {
      n: answered,
      figure: [
        `wrong answers: ${shareOf(wrong, answered)}`,
        `${number(connections)} connections closed by it`,
        `${number(sum((one) => one.failed))} calls failed of it`,
        `crashes: ${sum((one) => one.crashes)}`,
        `and ${tests} tests`,
      ].join('; '),
      // Where nothing was damaged nothing is shown.
      passed: wrong === 0 && found.every((one) => one.crashes === 0 && one.connections > 5 && one.healed),
      notes: found.map(({ notes }) => notes).join('; '),
    };
  },
};

interface Found {
  readonly answered: number;
  readonly failed: number;
  readonly wrong: number;
  readonly connections: number;
  readonly crashes: number;
  readonly healed: boolean;
  readonly notes: string;
}

async function over(lab: Lab, wire: Wire, isLong: boolean): Promise<Found> {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start({ proxied: true });
  const caller = await fleet.caller();
  const load = { endpoint: 'work', rate: 100, request: { text: textOf(500) } } as const;
  await caller.load({ ...load, name: 'warm-up', durationMs: 1_000 });
  const before = node.proxy.counts.accepted;
  node.proxy.inject(faults.corruption({ everyBytes: 10_240 }));
  const result = await caller.load({ ...load, name: 'damaged', durationMs: isLong ? 60_000 : 6_000 });
  // What a damaged payload would look like: the caller compares each answer with what it sent.
  const wrong = result.failures.filter(({ code }) => code === 'Error').reduce((sum, { count }) => sum + count, 0);
  await node.proxy.heal();
  node.proxy.reset();
  const after = await caller.load({ ...load, name: 'healed', durationMs: 500, options: { timeoutMs: 5_000 } });
  return {
    answered: result.succeeded + wrong,
    failed: result.failed - wrong,
    wrong,
    connections: node.proxy.counts.accepted - before,
    crashes: [node, caller].filter(({ process }) => !process.isRunning).length,
    healed: after.succeeded > after.sent / 2,
    notes: `${wire}: ${failuresOf(result.failures)}`,
  };
}
