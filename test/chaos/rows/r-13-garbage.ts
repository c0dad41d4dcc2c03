import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { EtcdKeys } from '../lab/etcd-keys.js';
import { crowdOf, garbageOf } from '../lab/garbage.js';
import type { Reading } from '../nodes/reader.js';

export const garbage: Row = {
  id: 'R-13',
  fault:
    'garbage in etcd: 1 MiB, __proto__, wrong types, no JSON; 10,000 nodes of a service; 1,000 endpoints of each of 20',
  bar: 'bad entries skipped, with a warning; the others work; parsing ≤ 50 ms per MiB; prototypes unchanged',

  async run(lab) {
    const etcd = await lab.server('etcd');
    const keys = new EtcdKeys(etcd.address);
    const fleet = await lab.fleet({ etcd: etcd.address });
    await fleet.start();
    await fleet.start();
    const { prefix } = fleet.meeting;
    const caller = await fleet.caller({ watches: true });
    const load = { endpoint: 'work', rate: 200 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 1_000 });
    const reader = await lab.process('reader', fleet.meeting);
    const before = await reader.ask<unknown>('prototypes');

    const working = caller.load({ ...load, name: 'garbage', durationMs: 5_000 });
    const bad = garbageOf('target', 'target-bad');
    for (const [what, value] of bad) await keys.put(`${prefix}target/${what}`, value);
    const readings: string[] = [];
    let isQuick = true;
    let isWhole = true;
    for (const [service, nodes, endpoints] of crowds) {
      const crowd = crowdOf(service, nodes, endpoints);
      const mebibytes = [...crowd.values()].reduce((sum, value) => sum + value.length, 0) / 2 ** 20;
      await keys.putAll(new Map([...crowd].map(([id, value]) => [`${prefix}${service}/${id}`, value])));
      const found: Reading[] = [];
      for (let time = 0; time < 5; time += 1) found.push(await reader.ask<Reading>('read', service, 30_000));
      const perMebibyteMs = found.map(({ cpuMs }) => cpuMs / mebibytes).sort((one, other) => one - other);
      isQuick &&= (perMebibyteMs[2] ?? Number.NaN) <= 50;
      isWhole &&= found.every((reading) => reading.nodes === nodes);
      readings.push(
        `${number(nodes)} × ${number(endpoints)} endpoints, ${mebibytes.toFixed(1)} MiB: ${ms(perMebibyteMs[2] ?? Number.NaN)} per MiB (from ${ms(perMebibyteMs[0] ?? Number.NaN)} to ${ms(perMebibyteMs[4] ?? Number.NaN)})`,
      );
    }
    const { nodes } = await reader.ask<Reading>('read', 'target', 10_000);
    const listed = await reader.ask<readonly string[]>('list');
    const after = await reader.ask<unknown>('prototypes');
    const { sent, failed, failures } = counted(await working);

    // What it meets at once is one warning; a watch is told of one after the other, and warns once a minute.
    const warned = skippedIn(reader.process.errors);
    const isUnchanged = JSON.stringify(before) === JSON.stringify(after);
    const known = (await caller.sets()).at(-1)?.addresses?.length;
    return {
      n: sent,
      figure: [
        `${shareOf(failed, sent)} failed`,
        `${warned} of ${bad.size} bad entries skipped with a warning, ${known} of 2 good ones known`,
        ...readings,
        `prototypes ${isUnchanged ? 'unchanged' : 'CHANGED'}`,
      ].join('; '),
      passed:
        failed === 0 &&
        warned === bad.size &&
        known === 2 &&
        nodes === 2 &&
        listed.length === 3 &&
        isQuick &&
        isWhole &&
        isUnchanged,
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};

const crowds: readonly (readonly [string, number, number])[] = [
  ['crowd', 10_000, 1],
  ['wide', 20, 1_000],
];

/** How many entries the warnings in a log speak of. */
function skippedIn(log: string): number {
  return log
    .split('\n')
    .filter((line) => line.includes('"registry entries were skipped"'))
    .reduce((sum, line) => sum + (JSON.parse(line) as { count: number }).count, 0);
}
