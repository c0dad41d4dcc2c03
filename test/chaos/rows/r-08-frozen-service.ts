import { eventually } from '@tenon/conformance';
import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { type EtcdKey, EtcdKeys } from '../lab/etcd-keys.js';
import type { FleetNode } from '../lab/fleet.js';
import { type LabRegistry, targetNodes } from '../lab/lab-registry.js';

export const frozenService: Row = {
  id: 'R-08',
  fault: '1 of 3 services frozen (SIGSTOP) for two times to live of 2 s (long: 10 s), then SIGCONT',
  bar: 'it knows ≤ 1 s after SIGCONT that it lost its lease; registers again, in etcd on another lease and as a new key; 0 failed',
  registries: 'each',
  quiet: true,

  async run(lab, { isLong }) {
    const ttlMs = isLong ? 10_000 : 2_000;
    const registry = await lab.registry();
    const frozenMs = 2 * (ttlMs + (registry.backEnd.extraMs ?? 0));
    const client = await registry.client();
    const fleet = await lab.fleet({ registry });
    const server = { ttlMs };
    const frozen = await fleet.start({ server, logLevel: 'info' });
    await fleet.start({ server });
    await fleet.start({ server });
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 300 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const entry = async () => (await targetNodes(client)).find(({ address }) => address === frozen.address);
    const oldKey = await keyOf(registry, frozen);
    if ((await entry()) === undefined) throw new Error('the service has no entry to lose');

    const working = caller.load({ ...load, name: 'frozen', durationMs: frozenMs + 6_000 });
    await lab.pass(1_000);
    frozen.pause();
    await lab.pass(frozenMs);
    const left = await targetNodes(client);
    const isGone = left.length === 2 && !left.some(({ address }) => address === frozen.address);
    const resumedAt = performance.now();
    frozen.resume();
    if (registry.hasServer) {
      await eventually(
        () => {
          if (!frozen.process.errors.includes('the registry lost our entry')) throw new Error('it has not noticed');
        },
        { withinMs: 10_000, everyMs: 5 },
      );
    }
    const knownMs = performance.now() - resumedAt;
    await eventually(
      async () => {
        if ((await entry()) === undefined) throw new Error('it has not registered again');
      },
      { withinMs: 15_000, everyMs: 20 },
    );
    const againMs = performance.now() - resumedAt;
    const { sent, failed, failures } = counted(await working);
    const newKey = await keyOf(registry, frozen);
    const isNew = oldKey === undefined || (newKey?.lease !== oldKey.lease && newKey?.createdAt !== oldKey.createdAt);
    return {
      n: sent,
      figure: [
        `${registry.hasServer ? `knew after ${ms(knownMs)}` : 'nobody held an entry for it to lose'}, registered again after ${ms(againMs)}`,
        `its entry ${isGone ? 'had ended' : 'had not ended'}${oldKey === undefined ? '' : ` and is ${isNew ? 'a new one' : 'the old one'}`}`,
        `${shareOf(failed, sent)} failed`,
      ].join('; '),
      passed: isGone && isNew && knownMs <= 1_000 && failed === 0,
      notes: [
        `frozen for ${number(frozenMs)} ms; there are no locks and no primaries yet whose fencing could be tried`,
        ...(failed === 0 ? [] : [failuresOf(failures)]),
      ].join('; '),
    };
  },
};

/** Only etcd says which of two equal entries is the newer one. */
async function keyOf(registry: LabRegistry, { address }: FleetNode): Promise<EtcdKey | undefined> {
  if (registry.backEnd.name !== 'etcd') return undefined;
  const keys = await new EtcdKeys(registry.server('read').address).list('/');
  return keys.find(({ value }) => value.includes(`"${address}"`));
}
