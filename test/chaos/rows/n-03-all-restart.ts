import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const allRestart: Row = {
  id: 'N-03',
  fault:
    'all 3 nodes get SIGTERM within 1 s, and start again when all are gone; 200 calls a second that wait for a node',
  bar: '0 failed within the deadline of 10 s; exit code 0; ≤ 1 execution per id',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    const old = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller();
    const load = {
      endpoint: 'once',
      rate: 200,
      options: { waitForReady: true, timeoutMs: 10_000 },
      slowMs: 2_500,
    } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });

    const restarting = caller.load({ ...load, name: 'restart', durationMs: isLong ? 30_000 : 8_000 });
    await lab.pass(1_000);
    const began = performance.now();
    const exits = await Promise.all(
      old.map(async (node, index) => {
        await lab.pass(index * 400);
        const { code, signal } = await node.terminate();
        return code ?? signal;
      }),
    );
    const lastGoneMs = performance.now() - began;
    await lab.pass(startingMs);
    await Promise.all(old.map(() => fleet.start()));
    const allBackMs = performance.now() - began;
    const result = counted(await restarting);

    const executions = [...fleet.executions().values()];
    const twice = executions.filter((count) => count > 1).length;
    return {
      n: result.sent,
      figure: [
        `${shareOf(result.failed, result.sent)} failed, slowest ${ms(result.latencyMs.max)}`,
        `exit codes ${exits.join(', ')}`,
        `executed twice: ${number(twice)}`,
      ].join('; '),
      passed: result.failed === 0 && twice === 0 && exits.every((exit) => exit === 0),
      notes: [
        ...(result.failed === 0 ? [] : [failuresOf(result.failures)]),
        `the last left ${ms(lastGoneMs)} after the first was told to, all were back after ${ms(allBackMs)}`,
        `${result.slow.length} calls took over 2.5 s${result.slow
          .slice(0, 3)
          .map(({ atMs, elapsedMs }) => `, ${ms(elapsedMs)} from ${ms(atMs)} on`)
          .join('')}`,
        `generator lag ${ms(result.lagMs)}`,
      ].join('; '),
    };
  },
};

/** For so long at least there is no node at all, also where one starts at once. */
const startingMs = 500;
