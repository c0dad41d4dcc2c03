import type { BackEndServer } from '../../discovery/back-end.js';
import { failuresOf, ms, shareOf, stallOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { registryOutage } from '../lab/registry-outage.js';

export const registryFrozen: Row = {
  id: 'R-02',
  fault: 'the registry frozen (SIGSTOP) under load for 15 s (long: 60 s)',
  registries: 'each',
  bar: '0 failed of 30,000 (long: 120,000); p99 ≤ 1.1× steady; no call waits for the registry (slowest ≤ 1 s); lag of the event loops ≤ 50 ms',

  async run(lab, context) {
    const outage = {
      what: 'freeze',
      begin: (server: BackEndServer) => server.pause(),
      end: (server: BackEndServer) => server.resume(),
    };
    const { load, back, p99, nodes, fewestKnown } = await registryOutage(lab, outage, context);
    const failed = load.failed + back.failed;
    // The caller goes before all others of the machine: what its loop stood still is its own. A node may have to wait for a processor.
    const { ms: callerLagMs } = load.longestStall;
    const nodeLagMs = Math.max(...nodes.map(({ longestStall }) => Math.min(longestStall.ms, longestStall.ownCpuMs)));
    return {
      n: load.sent,
      figure: [
        `${shareOf(load.failed, load.sent)} failed`,
        p99.figure,
        `slowest ${ms(load.latencyMs.max)}`,
        `lag of the caller’s loop ${ms(callerLagMs)}, of the nodes’ ${ms(nodeLagMs)}`,
      ].join('; '),
      passed:
        failed === 0 &&
        p99.isWithin &&
        fewestKnown === 3 &&
        load.latencyMs.max <= 1_000 &&
        callerLagMs <= 50 &&
        nodeLagMs <= 50,
      notes: [
        ...(failed === 0 ? [] : [failuresOf([...load.failures, ...back.failures])]),
        `of its return: ${shareOf(back.failed, back.sent)} failed, slowest ${ms(back.latencyMs.max)}`,
        stallOf(nodes),
      ].join('; '),
    };
  },
};
