import { get } from 'node:http';
import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { goesFirst, goFirst } from '../lab/goes-first.js';

export const blockedLoop: Row = {
  id: 'O-08',
  fault: 'a handler blocks the event loop for 2 s',
  bar: 'GET /health/ready is 503 ≤ 500 ms after the block; the lease is kept, or lost and taken again; the metric of lag shows it',

  async run(lab) {
    const fleet = await lab.fleet();
    const node = await fleet.start({ wrapper: goesFirst('all'), server: { ttlMs: 3_000 } });
    const caller = await fleet.caller();
    await caller.load({ name: 'warm-up', endpoint: 'work', rate: 100, durationMs: 1_500 });
    lab.atEnd(goFirst());
    const before = await ready(node.address);
    const began = performance.now();
    const answers: Answer[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const status = await ready(node.address);
        answers.push({ atMs: performance.now() - began, status });
        await lab.pass(20);
      }
    })();
    await lab.pass(300);
    await caller.call({ name: 'block', endpoint: 'once', request: { burnMs: 2_000 }, options: { timeoutMs: 10_000 } });
    const blockEndedMs = performance.now() - began;
    // Long enough to be ready again, and for a lease of 3 s, renewed each second, to be renewed or lost and taken again.
    await lab.pass(6_000);
    isOver = true;
    await asking;
    const notReady = answers.find(({ status }) => status === 503);
    const again = answers.find(({ atMs, status }) => notReady !== undefined && atMs > notReady.atMs && status === 200);
    // Knows nothing but what the registry says.
    const stranger = await (await fleet.caller()).call({
      name: 'stranger',
      endpoint: 'work',
      options: { timeoutMs: 2_000 },
    });
    const after = await caller.load({ name: 'after', endpoint: 'work', rate: 100, durationMs: 1_000 });
    const lag = (await node.series('tenon.process.event_loop_lag')).at(0)?.max ?? 0;
    const lateMs = notReady === undefined ? Number.NaN : notReady.atMs - blockEndedMs;
    return {
      n: answers.length,
      figure: [
        `503 ${ms(lateMs)} after the block`,
        `200 again ${again === undefined ? 'never' : `after ${ms(again.atMs - blockEndedMs)}`}`,
        `the metric says ${ms(lag)}`,
        `${'node' in stranger ? 'in the registry' : 'not in the registry'} afterwards`,
        `${number(after.failed)} of ${number(after.sent)} calls failed afterwards`,
      ].join('; '),
      passed:
        before === 200 &&
        lateMs <= 500 &&
        again !== undefined &&
        lag >= 1_800 &&
        after.failed === 0 &&
        'node' in stranger,
      ...(before === 200 ? {} : { notes: `before the block it answered ${before}` }),
    };
  },
};

interface Answer {
  readonly atMs: number;
  readonly status: number;
}

/** The status of the node's readiness; 0 where none came in time. */
function ready(address: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get(`http://${address}/health/ready`, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}
