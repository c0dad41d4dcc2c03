import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import { type Http2Wire, http2Wires } from '../raw/http2-peer.js';

export const goawayInABurst: Row = {
  id: 'T-12',
  fault:
    'GOAWAY of 1 of 4 nodes while some 70 streams of a caller are open with it, 3 times; 1,400 calls a second that must not run twice',
  bar: '0 failed: what the node did not begin is repeated elsewhere, what it did is answered; none executed twice',
  tests: [
    {
      file: 'packages/transport-http/test/http2-session.test.ts',
      titles: [
        'GOAWAY lets calls under way end, and the next one goes over another session',
        'a call that GOAWAY says was not begun was certainly not executed',
      ],
    },
    {
      file: 'packages/transport-grpc/test/hostile-servers.test.ts',
      titles: ['calls that a GOAWAY does not name were not served, and are known to be repeatable'],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const found = [];
    for (const wire of http2Wires) found.push(await over(lab, wire));
    return {
      n: found.reduce((sum, { sent }) => sum + sent, 0),
      figure: `${found
        .map(
          ({ wire, failed, sent, twice, open, slowestMs }) =>
            `${wire}: ${shareOf(failed, sent)} failed, slowest ${ms(slowestMs)}, ${number(twice)} executed twice, at least ${number(open)} open at each GOAWAY`,
        )
        .join('; ')}; and ${tests} tests`,
      passed: found.every(({ failed, twice, open }) => failed === 0 && twice === 0 && open >= 50),
      notes: found.flatMap(({ failures }) => (failures === '' ? [] : [failures])).join('; '),
    };
  },
};

/** Calls that may not run twice: only one that was certainly not begun is repeated. */
async function over(lab: Lab, wire: Http2Wire) {
  const fleet = await lab.fleet({ wire });
  const nodes = [await fleet.start(), await fleet.start(), await fleet.start(), await fleet.start()];
  const caller = await fleet.caller();
  const load = { endpoint: 'once', rate: 1_400, request: { delayMs: 200 }, options: { timeoutMs: 5_000 } } as const;
  await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
  const running = caller.load({ ...load, name: 'burst', durationMs: goaways * 2_500 });
  const open: number[] = [];
  for (const node of nodes.slice(0, goaways)) {
    await lab.pass(1_000);
    open.push((await node.report()).inHand);
    const { code } = await node.terminate();
    if (code !== 0) throw new Error(`the node ended with ${code}`);
    // Another one takes its place, so that the others have streams left for its calls.
    await fleet.start();
  }
  const { sent, succeeded, failures, latencyMs } = counted(await running);
  const executions = await fleet.executions();
  const twice = [...executions.values()].filter((count) => count > 1).length;
  return {
    wire,
    sent,
    failed: sent - succeeded,
    twice,
    open: Math.min(...open),
    slowestMs: latencyMs.max,
    failures: failuresOf(failures),
  };
}

const goaways = 3;
