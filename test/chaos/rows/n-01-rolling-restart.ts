import { counted, failuresOf, ms, shareOf, stallOf, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { TargetReport } from '../nodes/target-state.js';

export const rollingRestart: Row = {
  id: 'N-01',
  fault: 'rolling restart of 3 nodes by SIGTERM, 2,000 calls a second over tenon/1 and 1,000 over each other wire',
  bar: '0 failed of 60,000 over tenon/1 and of 24,000 over each other wire (long: 300,000 over each); exit code 0; p99 ≤ 2× steady',
  transports: 'each',

  async run(lab, { wire, isLong, note }) {
    const fleet = await lab.fleet();
    const old = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller();
    const [rate, steadyMs, usualMs] = wire === 'tenon/1' ? [2_000, 10_000, 30_000] : [1_000, 6_000, 24_000];
    const load = { endpoint: 'once', rate } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 3_000 });
    const steady = counted(await caller.load({ ...load, name: 'steady', durationMs: steadyMs }));
    note(`steady: p50 ${ms(steady.latencyMs.p50)}, p99 ${ms(steady.latencyMs.p99)}, lag ${ms(steady.lagMs)}`);

    const restarting = caller.load({ ...load, name: 'restart', durationMs: isLong ? 300_000_000 / rate : usualMs });
    const exits: string[] = [];
    const reports: TargetReport[] = [];
    for (const node of old) {
      await lab.pass(usualMs / 15);
      reports.push(await node.report());
      const { code, signal } = await node.terminate();
      exits.push(code === null ? `${signal}` : `${code}`);
      await fleet.start();
    }
    const result = counted(await restarting);
    for (const node of fleet.nodes) reports.push(await node.report());

    const ratio = result.latencyMs.p99 / steady.latencyMs.p99;
    const twice = [...fleet.executions().values()].filter((count) => count > 1).length;
    const passed = result.failed === 0 && twice === 0 && ratio <= 2 && exits.every((exit) => exit === '0');
    const failing = result.failed === 0 ? [] : [failuresOf(result.failures)];
    return {
      n: result.sent,
      figure: [
        `${shareOf(result.failed, result.sent)} failed`,
        `p99 ${ms(result.latencyMs.p99)}, ${times(ratio)} of ${ms(steady.latencyMs.p99)}`,
        `exit codes ${exits.join(', ')}`,
        `executed twice: ${twice}`,
      ].join('; '),
      passed,
      notes: [
        ...failing,
        `slowest ${ms(result.latencyMs.max)}, generator lag ${ms(result.lagMs)}, ${stallOf(reports)}`,
        `p99 by node, in the order of their start: ${fleet.nodes.map(({ name }) => ms(result.latencyByNode[name]?.p99 ?? Number.NaN)).join(', ')}`,
      ].join('; '),
    };
  },
};
