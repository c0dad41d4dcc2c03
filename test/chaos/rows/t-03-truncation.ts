import { faults } from '@tenon/testing/fault-proxy';
import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';
import type { CallFindings } from '../nodes/orders.js';

export const truncation: Row = {
  id: 'T-03',
  fault: 'a session that ends after each number of bytes, in either direction',
  bar: '0 crashes and hangs; the caller has its error ≤ 100 ms after the close',
  quiet: true,
  tests: [
    {
      file: 'packages/transport-tcp/test/hostile.test.ts',
      titles: ['a session that ends at any byte leaves nothing behind'],
    },
    {
      file: 'packages/transport-tcp/test/damage.test.ts',
      titles: ['a server that ends at any byte of what it says ends the call with an error, and never with a value'],
    },
    {
      file: 'packages/transport-http/test/hostile.test.ts',
      titles: ['a request cut off at any byte never reaches the handler, and the server goes on'],
    },
  ],

  async run(lab, { isLong, tested }) {
    const tests = await tested();
    const found = [];
    for (const wire of ['tenon/1', 'http/1.1', 'h2+tls', 'tenon/1+tls'] as const) {
      found.push(await over(lab, wire, isLong));
    }
    const calls = found.reduce((sum, one) => sum + one.calls, 0);
    const slowestMs = Math.max(...found.map((one) => one.slowestMs));
    const odd = found.flatMap((one) => one.odd);
    return {
      n: calls,
      figure: `${number(calls)} cuts: slowest error ${ms(slowestMs)} after the call began, ${odd.length} hangs or crashes; and ${tests} tests`,
      passed: odd.length === 0 && slowestMs <= 100,
      notes: [
        ...found.map((one) => `${one.wire}: ${one.calls} cuts, slowest ${ms(one.slowestMs)}`),
        ...odd.slice(0, 5),
      ].join('; '),
    };
  },
};

/** Each call dials anew, and is cut after one byte more than the one before. Its whole time bounds that since the cut. */
async function over(lab: Lab, wire: Wire, isLong: boolean) {
  const fleet = await lab.fleet({ wire });
  const node = await fleet.start({ proxied: true });
  const caller = await fleet.caller();
  const odd: string[] = [];
  let slowestMs = 0;
  let calls = 0;
  const isTls = wire.endsWith('tls');
  const step = isLong ? 1 : isTls ? 37 : 3;
  for (const direction of ['to-target', 'to-client'] as const) {
    for (let afterBytes = 0; afterBytes < (isTls ? 6_000 : 4_000); afterBytes += step) {
      const cut = (): Promise<CallFindings> => {
        node.proxy.inject(faults.pass());
        node.proxy.reset();
        node.proxy.inject(faults.truncation({ afterBytes }), direction);
        const name = `cut-${direction}-${afterBytes}`;
        const options = { timeoutMs: 3_000, maxAttempts: 1 };
        return caller.call({ name, endpoint: 'once', request: { text: 'x'.repeat(100) }, options });
      };
      let findings = await cut();
      // A cut that makes callers wait does so each time; a machine that has others does not.
      for (let again = 0; again < 2 && findings.elapsedMs > 100; again += 1) findings = await cut();
      // The whole call got through: every byte of it has been a place to cut.
      if ('node' in findings) break;
      calls += 1;
      slowestMs = Math.max(slowestMs, findings.elapsedMs);
      if (findings.code === 'DeadlineExceeded') odd.push(`${wire} hung ${direction} after ${afterBytes} bytes`);
    }
    await node.proxy.heal();
    node.proxy.reset();
  }
  const healed = await caller.call({ name: 'healed', endpoint: 'work', options: { timeoutMs: 5_000 } });
  if (!('node' in healed)) odd.push(`${wire} did not go on: ${healed.message}`);
  for (const { process } of [node, caller]) if (!process.isRunning) odd.push(`a process of ${wire} crashed`);
  return { wire, calls, slowestMs, odd };
}
