import type { ServerOptions } from 'tenon';
import { counted, failuresOf, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { type Business, businesses, saturationOf } from '../harness/saturation.js';
import { goesFirst } from '../lab/goes-first.js';

export const priorityClasses: Row = {
  id: 'O-03',
  fault: 'bulk calls grow to 12 times their rate beside critical ones',
  bar: 'critical ≥ 99.4 % success while bulk is shed',

  async run(lab, { isLong }) {
    const found = [];
    const [computing, waiting] = businesses;
    if (computing === undefined || waiting === undefined) throw new Error('a business is missing');
    const cases: readonly (readonly [Business, ServerOptions, string])[] = [
      [computing, {}, 'computing'],
      [waiting, { concurrency: 16 }, 'waiting, server.concurrency 16'],
    ];
    for (const [business, server, name] of cases) {
      const fleet = await lab.fleet();
      const node = await fleet.start({ wrapper: goesFirst('all'), server });
      // One process for both: three that go first would wait for each other on two processors.
      const caller = await fleet.caller();
      const saturation = await saturationOf(caller, node, business);
      const durationMs = isLong ? 30_000 : 6_000;
      const options = { timeoutMs: 1_000, maxAttempts: 1 };
      const rate = saturation * 0.3;
      const usual = caller.load({
        name: 'usual',
        endpoint: 'work',
        rate,
        durationMs: 1_000,
        options: { ...options, priority: 'bulk' },
      });
      await usual;
      const [important, spike] = (
        await Promise.all([
          caller.load({
            name: 'critical',
            endpoint: 'work',
            rate,
            durationMs,
            options: { ...options, priority: 'critical' },
          }),
          caller.load({
            name: 'spike',
            endpoint: 'work',
            rate: rate * 12,
            durationMs,
            options: { ...options, priority: 'bulk' },
          }),
        ])
      ).map(counted);
      if (important === undefined || spike === undefined) throw new Error('a load is missing');
      const shed = await node.series('tenon.server.shed');
      const shedOf = (priority: string): number =>
        shed.filter(({ labels }) => labels['priority'] === priority).reduce((sum, one) => sum + one.sum, 0);
      found.push({ name, important, spike, shedBulk: shedOf('bulk'), shedCritical: shedOf('critical') });
      await caller.close();
      await node.terminate();
    }
    return {
      n: found.reduce((sum, { important }) => sum + important.sent, 0),
      figure: found
        .map(
          ({ name, important, spike, shedBulk }) =>
            `${name}: critical ${percent3(important.succeeded / important.sent)} of ${number(important.sent)}, bulk ${percent(spike.succeeded / spike.sent)} of ${number(spike.sent)} (${number(shedBulk)} shed)`,
        )
        .join('; '),
      passed: found.every(({ important, shedBulk }) => important.succeeded / important.sent >= 0.994 && shedBulk > 100),
      notes: found
        .map(
          ({ name, important, shedCritical }) =>
            `${name}: critical shed ${shedCritical} ${failuresOf(important.failures)}`,
        )
        .join('; '),
    };
  },
};

function percent3(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
