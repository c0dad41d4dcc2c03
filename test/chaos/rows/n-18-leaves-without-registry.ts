import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const leavesWithoutRegistry: Row = {
  id: 'N-18',
  fault: 'SIGTERM of 1 of 3 nodes while etcd is down',
  bar: '0 failed: told in band, not by the registry; exit code 0',
  transports: 'each',
  together: 'all',

  async run(lab, { isLong, wire, ready }) {
    const etcd = wire === 'memory' ? undefined : await lab.server('etcd');
    const fleet = await lab.fleet(etcd === undefined ? {} : { etcd: etcd.address });
    const [leaver] = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller();
    const load = { endpoint: 'once', rate: 300, request: { delayMs: 20 } } as const;
    await ready();
    await caller.load({ ...load, name: 'warm-up', durationMs: 1_000 });

    const running = caller.load({ ...load, name: 'once', durationMs: isLong ? 60_000 : 8_000 });
    if (etcd === undefined) fleet.loseRegistry();
    else await etcd.kill();
    await lab.pass(1_000);
    const toldAt = performance.timeOrigin + performance.now();
    const { code, signal } = await leaver.terminate();
    const tookMs = performance.timeOrigin + performance.now() - toldAt;
    const result = counted(await running);

    const toldMs = toldAt - result.beganAtEpochMs;
    const answers = result.answersByNode[leaver.name] ?? [];
    const before = answers.slice(0, Math.floor(toldMs / 100)).reduce((sum, one) => sum + one, 0);
    const lastMs = answers.length * 100 - toldMs;
    const twice = [...fleet.executions().values()].filter((count) => count > 1).length;
    const exit = code === null ? `${signal}` : `${code}`;
    return {
      n: result.sent,
      figure: [
        `${shareOf(result.failed, result.sent)} failed`,
        `exit code ${exit} after ${ms(tookMs)}`,
        `executed twice: ${twice}`,
      ].join('; '),
      passed: result.failed === 0 && twice === 0 && exit === '0' && before > 0,
      notes: [
        `it answered ${number(before)} before, and calls sent up to ${ms(Math.max(0, lastMs))} after the signal`,
        ...(result.failed === 0 ? [] : [failuresOf(result.failures)]),
      ].join('; '),
    };
  },
};
