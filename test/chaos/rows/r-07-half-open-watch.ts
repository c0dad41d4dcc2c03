import { eventually } from '@tenon/conformance';
import { FaultProxy, faults } from '@tenon/testing/fault-proxy';
import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';

export const halfOpenWatch: Row = {
  id: 'R-07',
  fault:
    'the caller’s connection to the registry half open: no byte, no FIN, no RST; meanwhile one node leaves and two come',
  bar: 'noticed ≤ 15 s; afterwards the list is exactly that of the registry; 0 failed',
  registries: 'each',
  quiet: true,

  async run(lab) {
    const registry = await lab.registry();
    const [host = '', port] = registry.server('cut').address.split(':');
    const proxy = lab.own(await FaultProxy.start({ host, port: Number(port) }));
    const fleet = await lab.fleet({ registry });
    const [leaver] = [await fleet.start(), await fleet.start(), await fleet.start()];
    const caller = await fleet.caller({ registry: registry.behind(proxy.address), watches: true });
    const load = { endpoint: 'work', rate: 200 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });

    const working = caller.load({ ...load, name: 'cut', durationMs: 25_000 });
    await lab.pass(500);
    proxy.inject(faults.halfOpen());
    const cutAt = performance.timeOrigin + performance.now();
    await leaver.terminate();
    await fleet.start();
    await fleet.start();
    const since = async () => (await caller.sets()).filter(({ atEpochMs }) => atEpochMs > cutAt);
    const noticedAt = await eventually(
      async () => {
        const error = (await since()).find((seen) => seen.error !== undefined);
        if (error === undefined) throw new Error('the watch has not noticed');
        return error.atEpochMs;
      },
      { withinMs: 20_000, everyMs: 50 },
    );
    await proxy.heal();
    const healedAt = performance.timeOrigin + performance.now();
    const expected = fleet.nodes.map(({ address }) => address).sort();
    const exactAt = await eventually(
      async () => {
        const seen = (await since()).at(-1);
        if (`${seen?.addresses}` !== `${expected}`) throw new Error(`the list is ${seen?.addresses}, not ${expected}`);
        return seen?.atEpochMs ?? 0;
      },
      // The longer it was away, the later it is tried again; and some keep for a while who is missing then.
      { withinMs: 30_000 + healedAt - cutAt, everyMs: 50 },
    );
    await caller.stop('cut');
    const { sent, failed, failures } = counted(await working);
    return {
      n: sent,
      figure: [
        `noticed after ${ms(noticedAt - cutAt)}`,
        `exact ${ms(exactAt - healedAt)} after the line was whole again`,
        `${shareOf(failed, sent)} failed`,
      ].join('; '),
      passed: noticedAt - cutAt <= 15_000 && failed === 0,
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};
