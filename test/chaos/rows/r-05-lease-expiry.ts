import { eventually } from '@tenon/conformance';
import { counted, failuresOf, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { SeenSet } from '../nodes/orders.js';

export const leaseExpiry: Row = {
  id: 'R-05',
  fault: 'SIGKILL of 1 of 3 nodes, whose lease ends by its time to live: 2 s (long: 10 s)',
  bar: 'out of every client’s list ≤ TTL + 2 s, or when that registry promises it; calls stop failing ≤ 200 ms',
  registries: 'each',
  quiet: true,

  async run(lab, { isLong }) {
    const registry = await lab.registry();
    const { extraMs = 0, ttlMs: usualTtlMs } = registry.backEnd;
    const ttlMs = isLong && extraMs === 0 ? 10_000 : usualTtlMs;
    const fleet = await lab.fleet({ registry });
    const server = { ttlMs };
    const [victim] = [await fleet.start({ server }), await fleet.start({ server }), await fleet.start({ server })];
    const callers = [];
    for (let one = 0; one < 3; one += 1) callers.push(await fleet.caller({ watches: true }));
    // Not to be repeated once they may have run: only so does a caller see a node die.
    const load = { endpoint: 'once', rate: 200, request: { delayMs: 5 } } as const;
    await Promise.all(callers.map((caller) => caller.load({ ...load, name: 'warm-up', durationMs: 2_000 })));

    const loads = callers.map((caller, index) =>
      caller.load({ ...load, name: `once-${index}`, durationMs: ttlMs + 4_000 }),
    );
    await lab.pass(1_000);
    await victim.kill();
    const killedAt = performance.timeOrigin + performance.now();
    const findings = (await Promise.all(loads)).map(counted);
    const failures = findings.flatMap((found) => found.failures);
    const lastFailureMs = findings.flatMap(({ beganAtEpochMs, failures: groups }) =>
      groups.map(({ lastAtMs }) => beganAtEpochMs + lastAtMs - killedAt),
    );
    const isOut = ({ addresses }: SeenSet): boolean => addresses?.includes(victim.address) === false;
    const outAfterMs = await Promise.all(
      callers.map(async (caller) => {
        const sets = async () => (await caller.sets()).filter(({ atEpochMs }) => atEpochMs > killedAt);
        await eventually(
          async () => {
            if (!(await sets()).some(isOut)) throw new Error(`${victim.name} is still listed`);
          },
          { withinMs: ttlMs + extraMs + 10_000, everyMs: 50 },
        );
        return ((await sets()).find(isOut)?.atEpochMs ?? 0) - killedAt;
      }),
    );
    const stopMs = Math.max(0, ...lastFailureMs);
    const failed = findings.reduce((sum, found) => sum + found.failed, 0);
    return {
      n: findings.reduce((sum, { sent }) => sum + sent, 0),
      figure: [
        `out of the lists of 3 clients after ${outAfterMs.map(ms).join(', ')} at a TTL of ${number(ttlMs)} ms${extraMs === 0 ? '' : ` and ${number(extraMs)} ms that it takes more`}`,
        `${failed} failed, the last sent ${ms(stopMs)} after the kill`,
      ].join('; '),
      passed: outAfterMs.every((one) => one <= ttlMs + extraMs + 2_000) && stopMs <= 200,
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};
