import { ms } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { Relay } from '../lab/relay.js';

export const registryAwayAtStart: Row = {
  id: 'R-04',
  fault:
    'clients started while the registry is away; for one it appears after 1 s, and then a node; for one it never does',
  bar: 'a call that waits for ready is served ≤ 1 s after registry and node are there; ≤ 10 attempts to connect in a minute; no crash',
  registries: 'each',
  quiet: true,

  async run(lab) {
    const registry = await lab.registry();
    const { address } = registry.server('be away');
    const [found, never] = [lab.own(await Relay.before(address)), lab.own(await Relay.before('127.0.0.1:9'))];
    // Servers that need a while to start are there at the same time as others: when the way to them is free.
    found.isShut = true;
    const fleet = await lab.fleet({ registry });
    const beganAt = performance.now();
    const waiting = fleet.caller({ registry: registry.behind(never.address) });
    waiting.catch(() => {});
    const calling = (async () => {
      const caller = await fleet.caller({ registry: registry.behind(found.address) });
      const answer = await caller.call({
        endpoint: 'once',
        name: 'first',
        options: { waitForReady: true, timeoutMs: 30_000 },
      });
      return { answer, at: performance.now() };
    })();
    calling.catch(() => {});
    // Ten attempts in a minute cannot all come within a second of what they wait for: the later it appears, the longer it may wait.
    await lab.pass(1_000);
    found.isShut = false;
    await fleet.start();
    const readyAt = performance.now();
    const { answer, at } = await calling;
    const servedAfterMs = at - readyAt;

    const watchedMs = 60_000;
    await lab.pass(watchedMs - (performance.now() - beganAt));
    const attempts = never.acceptedAt;
    return {
      n: attempts.length,
      figure: [
        'code' in answer
          ? `the call failed: ${answer.code} (${answer.message})`
          : `served ${ms(Math.max(0, servedAfterMs))} after registry and node were there`,
        `${attempts.length} attempts to connect in the first minute`,
      ].join('; '),
      passed: 'node' in answer && servedAfterMs <= 1_000 && attempts.length <= 10 && attempts.length >= 3,
      notes: `at ${attempts.map((one) => ((one - beganAt) / 1_000).toFixed(1)).join(', ')} s; the other client connected ${found.acceptedAt.length} times`,
    };
  },
};
