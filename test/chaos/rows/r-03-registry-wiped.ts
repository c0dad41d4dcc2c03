import { eventually } from '@tenon/conformance';
import type { Registry } from 'tenon';
import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { targetNodes } from '../lab/lab-registry.js';

export const registryWiped: Row = {
  id: 'R-03',
  fault: 'the registry killed under load, its data lost, and back empty after 2 s',
  registries: 'each',
  bar: 'each of 3 services registered again ≤ 5 s after its return; 0 failed; no living node leaves a client’s list',

  async run(lab, { isLong }) {
    const registry = await lab.registry();
    const server = registry.server('wipe');
    const fleet = await lab.fleet({ registry });
    for (let node = 0; node < 3; node += 1) await fleet.start();
    const caller = await fleet.caller({ watches: true });
    const load = { endpoint: 'work', rate: 500 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    // Much was written, so that the new data is older than the old by its revision, as it is after a real life.
    await writeMuch(await registry.client());

    // Longer than what clients keep for nodes that a registry has forgotten: 10 s.
    const working = caller.load({ ...load, name: 'wiped', durationMs: isLong ? 60_000 : 18_000 });
    await lab.pass(1_000);
    const wipedAt = performance.timeOrigin + performance.now();
    await server.kill();
    await server.clear();
    await lab.pass(2_000);
    await server.start();
    const backAt = performance.now();
    const client = await registry.client();
    let registered = 0;
    const afterMs: number[] = [];
    await eventually(
      async () => {
        const found = (await targetNodes(client)).length;
        for (; registered < found; registered += 1) afterMs.push(performance.now() - backAt);
        if (registered < 3) throw new Error(`${registered} of 3 services registered again`);
      },
      { withinMs: 15_000, everyMs: 20 },
    );
    const { sent, failed, failures } = counted(await working);

    const sets = (await caller.sets()).filter(({ atEpochMs }) => atEpochMs >= wipedAt);
    const fewest = Math.min(3, ...sets.flatMap(({ addresses }) => addresses?.length ?? []));
    return {
      n: sent,
      figure: [
        `registered again after ${afterMs.map(ms).join(', ')}`,
        `${shareOf(failed, sent)} failed`,
        `nodes known, at least: ${fewest} of 3`,
      ].join('; '),
      passed: failed === 0 && fewest === 3 && afterMs.every((one) => one <= 5_000),
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};

async function writeMuch(client: Registry): Promise<void> {
  const node = { id: 'unrelated-1', address: '127.0.0.1:9', metadata: {} };
  const record = { name: 'unrelated', version: '1', metadata: {}, endpoints: [], nodes: [node] };
  for (let write = 0; write < 25; write += 1) {
    const lease = await client.register(record, { ttlMs: 10_000 });
    await lease.release();
  }
}
