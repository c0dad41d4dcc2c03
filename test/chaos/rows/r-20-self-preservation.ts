import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import { NotApplicable } from '../harness/not-applicable.js';
import type { Row } from '../harness/row.js';
import { targetNodes } from '../lab/lab-registry.js';

export const selfPreservation: Row = {
  id: 'R-20',
  fault:
    '3 of 6 nodes killed, and the registry keeps them listed: too many renewals are missing for it to believe that',
  bar: 'the dead stay listed; 0 failed after the first 200 ms',
  registries: 'each',
  quiet: true,

  async run(lab) {
    const registry = await lab.registry();
    const server = registry.server('keep the dead of');
    if (server.keepTheDead === undefined) throw new NotApplicable(`the dead leave the list: ${registry.backEnd.what}`);
    await server.keepTheDead();
    const { ttlMs, extraMs = 0 } = registry.backEnd;
    const fleet = await lab.fleet({ registry });
    const nodes = [];
    for (let count = 0; count < 6; count += 1) nodes.push(await fleet.start({ server: { ttlMs } }));
    const caller = await fleet.caller({ watches: true });
    // Not to be repeated once they may have run: only so does a caller see a node die.
    const load = { endpoint: 'once', rate: 400, request: { delayMs: 5 } } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 3_000 });

    const working = caller.load({ ...load, name: 'dead', durationMs: 1_000 + 2 * (ttlMs + extraMs) + 4_000 });
    await lab.pass(1_000);
    await Promise.all(nodes.slice(0, 3).map((node) => node.kill()));
    const killedAt = performance.timeOrigin + performance.now();
    const { sent, failed, failures, beganAtEpochMs } = counted(await working);
    const listed = (await targetNodes(await registry.client())).length;
    const known = (await caller.sets()).at(-1)?.addresses?.length;
    const stopMs = Math.max(0, ...failures.map(({ lastAtMs }) => beganAtEpochMs + lastAtMs - killedAt));
    return {
      n: sent,
      figure: [
        `${listed} of 6 still listed, ${known} known to the caller`,
        `${shareOf(failed, sent)} failed, the last sent ${ms(stopMs)} after the kill`,
      ].join('; '),
      passed: listed === 6 && known === 6 && stopMs <= 200,
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};
