import { counted, failuresOf, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const brokenAfterExecution: Row = {
  id: 'N-14',
  fault: 'connections are reset between execution and reply, again and again; 10,000 calls that must not run twice',
  bar: 'without a key 0 executed twice; with an idempotency key exactly 1 execution each',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, wire, ready }) {
    const fleet = await lab.fleet();
    const proxied = wire !== 'memory';
    for (let started = 0; started < 3; started += 1) await fleet.start({ proxied });
    const caller = await fleet.caller();
    const load = { endpoint: 'once', rate: 250, durationMs: isLong ? 120_000 : 20_000, request: { delayMs } } as const;
    // Repeating is paid for by calls that succeeded: none has, of a client that begins as the resets do.
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 4_000 });
    const loads = [caller.load({ ...load, name: 'once' }), caller.load({ ...load, name: 'keyed', keyed: true })];
    const over = Promise.all(loads);
    let resets = 0;
    let goesOn = true;
    over
      .finally(() => {
        goesOn = false;
      })
      .catch(() => {});
    while (goesOn) {
      await lab.pass(500);
      await fleet.nodes[resets % fleet.nodes.length]?.breakConnections();
      resets += 1;
    }
    const [once, keyed] = (await over).map(counted);
    if (once === undefined || keyed === undefined) throw new Error('a load is missing');

    const executions = fleet.executions();
    const timesOf = (name: string, sent: number): readonly number[] =>
      Array.from({ length: sent }, (_, n) => executions.get(`${name}-${n}`) ?? 0);
    const onceTwice = timesOf('once', once.sent).filter((count) => count > 1).length;
    const keyedTimes = timesOf('keyed', keyed.sent);
    const notOne = keyedTimes.filter((count) => count !== 1).length;
    const unflagged = once.failures.filter(({ executed }) => executed !== 'maybe');
    const failures = [...once.failures, ...keyed.failures];
    return {
      n: once.sent + keyed.sent,
      figure: [
        `without a key: executed twice ${shareOf(onceTwice, once.sent)}, ${number(once.failed)} failed`,
        `with one: not executed exactly once ${shareOf(notOne, keyed.sent)}, ${number(keyed.failed)} failed`,
        `${number(resets)} resets`,
      ].join('; '),
      // Broken calls without a key are told to their callers: none of them means that no reset met a call.
      passed: onceTwice === 0 && notOne === 0 && unflagged.length === 0 && once.failed > 0,
      ...(failures.length === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};

/** Between a call's execution, which is written down as it begins, and its reply: where the resets meet it. */
const delayMs = 30;
