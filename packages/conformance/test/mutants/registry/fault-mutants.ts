import type { RegistryFixture } from '@tenon/conformance';
import type { Mutant } from '../prove-cases.js';
import { brokenLease, mutant } from './broken-registry.js';
import { emptySet, mapped } from './broken-watch.js';

const outage = 'a lost back end is an error event and never an empty set, and a whole set heals it';
const unavailable =
  'while the back end is lost, calls reject with Unavailable or answer, as declared, and work again after it';
const blindStart = 'a watch that begins while the back end is lost yields an error, then the whole set';
const ending = 'releasing and closing while the back end is lost resolve, and renew no more';

/** Broken in losing the back end, or finding it again. */
export const faultMutants: readonly Mutant<RegistryFixture>[] = [
  mutant(outage, 'an outage is an empty set', (good) => ({
    watch: (name, options) => mapped(good.watch(name, options), (event) => [event.kind === 'set' ? event : emptySet]),
  })),
  mutant(outage, 'an outage is an error and an empty set', (good) => ({
    watch: (name, options) =>
      mapped(good.watch(name, options), (event) => (event.kind === 'set' ? [event] : [event, emptySet])),
  })),
  mutant(outage, 'an outage is not told', (good) => ({
    watch: (name, options) => mapped(good.watch(name, options), (event) => (event.kind === 'set' ? [event] : [])),
  })),
  mutant(outage, 'a watch is deaf after an outage', (good) => ({
    watch: (name, options) => {
      let isLost = false;
      return mapped(good.watch(name, options), (event) => {
        isLost ||= event.kind === 'error';
        return isLost && event.kind === 'set' ? [] : [event];
      });
    },
  })),
  mutant(outage, 'a watch heals once and is deaf then', (good) => ({
    watch: (name, options) => {
      let isLost = false;
      let isDeaf = false;
      return mapped(good.watch(name, options), (event) => {
        if (isDeaf) return [];
        isLost ||= event.kind === 'error';
        isDeaf = isLost && event.kind === 'set';
        return [event];
      });
    },
  })),
  mutant(unavailable, 'a lookup of a lost back end is empty', (good) => ({
    lookup: (name) => good.lookup(name).catch(() => []),
  })),
  mutant(unavailable, 'a call to a lost back end never ends', (good) => ({
    list: () => good.list().catch(() => new Promise<never>(() => {})),
  })),
  mutant(unavailable, 'a lost back end is lost for good', (good) => {
    let isLost = false;
    return {
      list: async () => {
        const names = await good.list().catch((failure: unknown) => {
          isLost = true;
          throw failure;
        });
        return isLost ? [] : names;
      },
    };
  }),
  mutant(blindStart, 'an unknown set is made up as empty', (good) => ({
    watch: (name, options) =>
      mapped(good.watch(name, options), (event) => (event.kind === 'error' ? [emptySet, event] : [event])),
  })),
  mutant(blindStart, 'a watch of a lost back end ends', (good) => ({
    watch: async function* (name, options) {
      for await (const event of good.watch(name, options)) {
        yield event;
        if (event.kind === 'error') return;
      }
    },
  })),
  mutant(ending, 'releasing needs the back end', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      const release = async (): Promise<void> => {
        await good.list();
        await lease.release();
      };
      return brokenLease(lease, { release });
    },
  })),
  mutant(ending, 'closing waits for the back end', (good) => ({
    close: async () => {
      await good.list().catch(() => new Promise<never>(() => {}));
      await good.close();
    },
  })),
  mutant(ending, 'what was released while the back end was lost is renewed after it', (good) => {
    let isClosed = false;
    return {
      register: async (record, options) => {
        let isReleased = false;
        const lease = await good.register(record, options);
        return brokenLease(lease, {
          state: () => (isReleased || isClosed ? 'released' : lease.state),
          release: async () => {
            isReleased = true;
          },
        });
      },
      close: async () => {
        isClosed = true;
      },
    };
  }),
];
