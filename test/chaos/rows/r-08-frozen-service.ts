import { eventually } from '@tenon/conformance';
import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { EtcdKeys } from '../lab/etcd-keys.js';

export const frozenService: Row = {
  id: 'R-08',
  fault: '1 of 3 services frozen (SIGSTOP) for two times to live of 2 s (long: 10 s), then SIGCONT',
  bar: 'it knows ≤ 1 s after SIGCONT that it lost its lease; registers again, on another lease and as a new key; 0 failed',
  quiet: true,

  async run(lab, { isLong }) {
    const ttlMs = isLong ? 10_000 : 2_000;
    const etcd = await lab.server('etcd');
    const keys = new EtcdKeys(etcd.address);
    const fleet = await lab.fleet({ etcd: etcd.address });
    const server = { ttlMs };
    const frozen = await fleet.start({ server, logLevel: 'info' });
    await fleet.start({ server });
    await fleet.start({ server });
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 300 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const entry = async () => (await keys.list('/chaos/')).find(({ value }) => value.includes(`"${frozen.address}"`));
    const old = await entry();
    if (old === undefined) throw new Error('the service has no entry to lose');

    const working = caller.load({ ...load, name: 'frozen', durationMs: 2 * ttlMs + 6_000 });
    await lab.pass(1_000);
    frozen.pause();
    await lab.pass(2 * ttlMs);
    const isGone = (await entry()) === undefined;
    const resumedAt = performance.now();
    frozen.resume();
    await eventually(
      () => {
        if (!frozen.process.errors.includes('the registry lost our entry')) throw new Error('it has not noticed');
      },
      { withinMs: 10_000, everyMs: 5 },
    );
    const knownMs = performance.now() - resumedAt;
    const again = await eventually(
      async () => {
        const found = await entry();
        if (found === undefined) throw new Error('it has not registered again');
        return found;
      },
      { withinMs: 15_000, everyMs: 20 },
    );
    const againMs = performance.now() - resumedAt;
    const { sent, failed, failures } = counted(await working);
    const isNew = again.lease !== old.lease && again.createdAt > old.createdAt;
    return {
      n: sent,
      figure: [
        `knew after ${ms(knownMs)}, registered again after ${ms(againMs)}`,
        `its entry ${isGone ? 'had ended' : 'had not ended'} and is ${isNew ? 'a new one' : 'the old one'}`,
        `${shareOf(failed, sent)} failed`,
      ].join('; '),
      passed: isGone && isNew && knownMs <= 1_000 && failed === 0,
      notes: [
        `frozen for ${number(2 * ttlMs)} ms; there are no locks and no primaries yet whose fencing could be tried`,
        ...(failed === 0 ? [] : [failuresOf(failures)]),
      ].join('; '),
    };
  },
};
