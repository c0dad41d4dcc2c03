import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const killedNode: Row = {
  id: 'N-02',
  fault: 'SIGKILL of 1 of 3 nodes under load',
  bar: 'idempotent: 0 failed; others: only calls in flight, each executed: maybe; ≤ 1 execution per id',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    const [victim] = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller();
    const load = { rate: 500, request: { delayMs: 20 } };
    await ready();
    await caller.load({ ...load, name: 'warm-up', endpoint: 'work', durationMs: 2_000 });

    const durationMs = isLong ? 60_000 : 8_000;
    const repeatable = caller.load({ ...load, name: 'work', endpoint: 'work', durationMs });
    const once = caller.load({ ...load, name: 'once', endpoint: 'once', durationMs });
    await lab.pass(3_000);
    const inFlight = (await caller.progress('once'))?.inFlight ?? 0;
    const killedAt = performance.timeOrigin + performance.now();
    await victim.kill();
    const [work, single] = (await Promise.all([repeatable, once])).map(counted);
    if (work === undefined || single === undefined) throw new Error('a load is missing');

    const executions = fleet.executions();
    const twice = [...executions].filter(([id, count]) => id.startsWith('once-') && count > 1).length;
    const late = single.failures.filter(({ lastAtMs }) => single.beganAtEpochMs + lastAtMs > killedAt + graceMs);
    const unflagged = single.failures.filter(({ executed }) => executed !== 'maybe');
    const { failures: failedOnce } = single;
    return {
      n: work.sent + single.sent,
      figure: [
        `idempotent: ${shareOf(work.failed, work.sent)} failed, slowest ${ms(work.latencyMs.max)}`,
        `others: ${number(single.failed)} failed of ${number(inFlight)} in flight`,
        `executed twice: ${shareOf(twice, single.sent)}`,
      ].join('; '),
      passed:
        work.failed === 0 &&
        twice === 0 &&
        late.length === 0 &&
        unflagged.length === 0 &&
        single.failed <= inFlight + slack,
      ...(work.failed + single.failed === 0 ? {} : { notes: failuresOf([...work.failures, ...failedOnce]) }),
    };
  },
};

/** Between our reading the clock and the process being dead. */
const graceMs = 100;
/** Calls that began between our counting and the kill: at 500 a second, a few. */
const slack = 10;
