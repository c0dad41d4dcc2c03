import type { RegistryFixture } from '@tenon/conformance';
import type { Lease } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { brokenLease, mutant } from './broken-registry.js';
import { fastClock } from './fast-clock.js';

const expiring = 'the node of a vanished process disappears after its time to live, where entries expire';
const holding = 'a held lease keeps its node beyond its time to live';
const released = 'a released lease is not renewed into existence again';
const lost = 'a lost lease is announced with its reason, registered again and renewed';

/** Broken in expiry, renewal or return. */
export const leaseMutants: readonly Mutant<RegistryFixture>[] = [
  mutant(expiring, 'entries never expire', (good) => ({
    register: (record, options) => good.register(record, { ...options, ttlMs: 86_400_000 }),
  })),
  mutant(expiring, 'an expiry is no event', (good) => ({
    watch: async function* (name, options) {
      let count = 0;
      for await (const event of good.watch(name, options)) {
        const size = event.kind === 'set' ? event.records.flatMap(({ nodes }) => nodes).length : count;
        if (size >= count) yield event;
        count = size;
      }
    },
  })),
  mutant(
    holding,
    'leases are not renewed',
    () => ({}),
    fastClock((delayMs) => delayMs < 1_000),
  ),
  mutant(released, 'a late renewal puts the entry back', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      const release = async (): Promise<void> => {
        await lease.release();
        setTimeout(() => void good.register(record, { ttlMs: 60_000 }).catch(() => {}), 20);
      };
      return brokenLease(lease, { release });
    },
  })),
  mutant(released, 'a release is announced each time', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      const listeners: Parameters<Lease['onChange']>[0][] = [];
      return brokenLease(lease, {
        onChange: (listener) => {
          listeners.push(listener);
          return () => {};
        },
        release: async () => {
          await lease.release();
          for (const listener of listeners) listener('released');
        },
      });
    },
  })),
  mutant(lost, 'a lost lease is given up', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      let isLost = false;
      lease.onChange((state) => {
        if (state !== 'lost') return;
        isLost = true;
        void lease.release();
      });
      return brokenLease(lease, { state: () => (isLost ? 'lost' : lease.state) });
    },
  })),
  mutant(lost, 'a loss is not noticed', (good) => ({
    register: async (record, options) =>
      brokenLease(await good.register(record, options), { state: () => 'held', onChange: () => () => {} }),
  })),
  mutant(lost, 'a loss has no reason', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      return brokenLease(lease, { onChange: (listener) => lease.onChange((state) => listener(state)) });
    },
  })),
  mutant(lost, 'a listener cannot be stopped', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      const onChange: Lease['onChange'] = (listener) => {
        lease.onChange(listener);
        return () => {};
      };
      return brokenLease(lease, { onChange });
    },
  })),
  notRenewedAgain(),
];

/** Renewal timers stop from the moment in which a lease is held again. */
function notRenewedAgain(): Mutant<RegistryFixture> {
  const state = { isDeaf: false };
  return mutant(
    lost,
    'an entry that was registered again is not renewed',
    (good) => ({
      register: async (record, options) => {
        const lease = await good.register(record, options);
        lease.onChange((change) => {
          state.isDeaf ||= change === 'held';
        });
        return lease;
      },
    }),
    fastClock((delayMs) => state.isDeaf && delayMs < 1_000),
  );
}
