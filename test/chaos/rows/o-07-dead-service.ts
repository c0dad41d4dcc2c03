import { counted, failuresOf, mib, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const deadService: Row = {
  id: 'O-07',
  fault: '10,000 calls under way to a service whose only node is frozen',
  bar: 'bounded queue; each ends at its deadline ± 50 ms; memory back to where it was',

  async run(lab) {
    const fleet = await lab.fleet();
    const node = await fleet.start();
    const caller = await fleet.caller({ flags: ['--expose-gc'] });
    const load = { endpoint: 'once', options: { timeoutMs } } as const;
    const heap = (): Promise<number> => caller.ask<number>('heapAfterGc', '', 20_000);
    // The same calls once to a node that answers: what is made for so many once stays.
    await node.settings({ delayMs: 1_500 });
    await caller.load({
      ...load,
      name: 'warm-up',
      rate: 5_000,
      durationMs: 2_000,
      maxInFlight: 20_000,
      options: { timeoutMs: 8_000 },
    });
    await node.settings({});
    const before = await heap();
    const { executions } = await node.report();
    node.pause();
    const running = caller.load({ ...load, name: 'dead', rate: 5_000, durationMs: 2_000, maxInFlight: 20_000 });
    await lab.pass(2_200);
    const underWay = (await caller.progress('dead'))?.inFlight ?? 0;
    const most = (await caller.report()).rssBytes;
    const dead = counted(await running);
    node.resume();
    const healed = await caller.load({ ...load, name: 'healed', rate: 100, durationMs: 1_000 });
    const after = await heap();
    const { quickestMs, slowestMs } = dead.turnedAway;
    const early = dead.failures
      .filter(({ code }) => code !== 'DeadlineExceeded')
      .reduce((sum, { count }) => sum + count, 0);
    const reached = (await node.report()).executions - executions - healed.succeeded;
    return {
      n: dead.sent,
      figure: `${number(underWay)} under way at once; ended after ${ms(quickestMs)} to ${ms(slowestMs)} of ${ms(timeoutMs)}, ${number(early)} of them before their deadline; heap ${mib(before)} before, ${mib(after)} after; ${number(reached)} reached the node when it woke`,
      passed:
        dead.failed === dead.sent &&
        slowestMs <= timeoutMs + 50 &&
        quickestMs >= timeoutMs - 50 &&
        after - before <= 4 * 1_048_576 &&
        healed.failed === 0,
      notes: `RSS ${mib(most)} meanwhile; ${failuresOf(dead.failures)}`,
    };
  },
};

const timeoutMs = 3_000;
