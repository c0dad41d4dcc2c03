import type { BackEndServer } from '../../discovery/back-end.js';
import { failuresOf, ms, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { registryOutage } from '../lab/registry-outage.js';

export const registryDown: Row = {
  id: 'R-01',
  fault: 'the registry killed under load for 15 s (long: 60 s), then back with its data',
  registries: 'each',
  bar: '0 failed of 30,000 (long: 120,000); p99 ≤ 1.1× steady; known nodes kept while it is away',

  async run(lab, context) {
    const outage = {
      what: 'kill',
      begin: (server: BackEndServer) => server.kill(),
      end: (server: BackEndServer) => server.start(),
    };
    const { load, back, p99, fewestKnown } = await registryOutage(lab, outage, context);
    const failed = load.failed + back.failed;
    return {
      n: load.sent,
      figure: `${shareOf(load.failed, load.sent)} failed; ${p99.figure}; nodes known, at least: ${fewestKnown} of 3`,
      passed: failed === 0 && p99.isWithin && fewestKnown === 3,
      notes: [
        ...(failed === 0 ? [] : [failuresOf([...load.failures, ...back.failures])]),
        `of its return: ${shareOf(back.failed, back.sent)} failed, slowest ${ms(back.latencyMs.max)}`,
      ].join('; '),
    };
  },
};
