import type { RegistryFixture } from '@tenon/conformance';
import { type Lease, ServiceError, type ServiceRecord } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { asLatin1, assigned, cutAt4KiB, withMetadata, withoutEmptyValues } from './broken-metadata.js';
import { brokenLease, mutant } from './broken-registry.js';

const twice = 'the same node registered twice is one, as it was registered last';
const roundTrip = 'metadata and endpoints come back as they were given: unicode, 64 KiB and empty values';
const releasing = 'releasing removes the node, and twice is fine';
const listing = 'the list is the sorted names of services that have a node';
const resembling = 'names that resemble each other are services of their own';
const aborting = 'an aborted call is Canceled and registers nothing';
const copying = 'a record is copied: later changes to what was given or found change nothing';
const closing = 'after close every method rejects with FailedPrecondition, and closing twice is fine';

/** Broken in registering, looking up, listing or releasing. */
export const registrationMutants: readonly Mutant<RegistryFixture>[] = [
  mutant('an unknown service has no records', 'a lookup of an unknown service is NotFound', (good) => ({
    lookup: async (name) => {
      const records = await good.lookup(name);
      if (records.length === 0) throw new ServiceError('NotFound', 'not found');
      return records;
    },
  })),
  mutant('a registered node is found by every client', 'a client finds its own nodes only', (good) => {
    const own = new Set<string>();
    return {
      register: (record, options) => {
        for (const { id } of record.nodes) own.add(id);
        return good.register(record, options);
      },
      lookup: async (name) => (await good.lookup(name)).filter(({ nodes }) => nodes.some(({ id }) => own.has(id))),
    };
  }),
  mutant(twice, 'each registration adds a node', (good) => {
    let count = 0;
    return {
      register: (record, options) =>
        good.register(
          withNodeIds(record, (id) => `${id}#${count++}`),
          options,
        ),
    };
  }),
  mutant(twice, 'the earlier lease removes the later entry', (good) => {
    const newest = new Map<string, Lease>();
    return {
      register: async (record, options) => {
        const lease = await good.register(record, options);
        const key = record.nodes[0]!.id;
        newest.set(key, lease);
        return brokenLease(lease, { release: async () => newest.get(key)?.release() });
      },
    };
  }),
  mutant(
    'a node registered again under another version leaves its earlier one',
    'entries are kept by version and id',
    (good) => ({
      register: (record, options) =>
        good.register(
          withNodeIds(record, (id) => `${id}@${record.version}`),
          options,
        ),
      lookup: async (name) =>
        (await good.lookup(name)).map((record) => withNodeIds(record, (id) => id.slice(0, id.indexOf('@')))),
    }),
  ),
  mutant('nodes of one version are one record, and of two versions two', 'each node is a record', (good) => ({
    lookup: async (name) =>
      (await good.lookup(name)).flatMap((record) => record.nodes.map((node) => ({ ...record, nodes: [node] }))),
  })),
  ...[withoutEmptyValues, cutAt4KiB, asLatin1].map((change) =>
    mutant(roundTrip, `metadata is changed (${change.name})`, (good) => ({
      lookup: async (name) => (await good.lookup(name)).map((record) => withMetadata(record, change)),
    })),
  ),
  mutant(roundTrip, 'endpoints are not kept', (good) => ({
    register: (record, options) => good.register({ ...record, endpoints: [] }, options),
  })),
  mutant('metadata keys named __proto__ or constructor are only data', 'pairs are assigned to an object', (good) => ({
    lookup: async (name) => (await good.lookup(name)).map((record) => withMetadata(record, assigned)),
  })),
  mutant(releasing, 'releasing only stops the renewal', (good) => ({
    register: async (record, options) => {
      let isReleased = false;
      return brokenLease(await good.register(record, options), {
        state: () => (isReleased ? 'released' : 'held'),
        release: async () => {
          isReleased = true;
        },
      });
    },
  })),
  mutant(releasing, 'releasing twice rejects', (good) => ({
    register: async (record, options) => {
      const lease = await good.register(record, options);
      const release = async (): Promise<void> => {
        if (lease.state === 'released') throw new ServiceError('NotFound', 'no such lease');
        await lease.release();
      };
      return brokenLease(lease, { release });
    },
  })),
  mutant('releasing removes the named node only', 'releasing removes every node of the client', (good) => {
    const leases: Lease[] = [];
    return {
      register: async (record, options) => {
        const lease = await good.register(record, options);
        leases.push(lease);
        const release = async (): Promise<void> => {
          for (const each of leases) await each.release();
        };
        return brokenLease(lease, { release });
      },
    };
  }),
  mutant(listing, 'the list is in another order', (good) => ({
    list: async () => [...(await good.list())].sort((one, other) => one.localeCompare(other, 'en')),
  })),
  mutant(listing, 'the list has a name for each node', (good) => ({
    list: async () => {
      const names = await good.list();
      const nodes = await Promise.all(names.map(async (name) => (await good.lookup(name)).map(() => name)));
      return nodes.flat();
    },
  })),
  mutant(resembling, 'a name is looked up as a prefix', (good) => ({
    lookup: async (name) => {
      const names = (await good.list()).filter((each) => each.startsWith(name));
      return (await Promise.all(names.map((each) => good.lookup(each)))).flat();
    },
  })),
  mutant(resembling, 'a slash is written as a dash', (good) => ({
    register: (record, options) => good.register({ ...record, name: record.name.replaceAll('/', '-') }, options),
    lookup: (name) => good.lookup(name.replaceAll('/', '-')),
  })),
  mutant(
    'a record without exactly one node is InvalidArgument and registers nothing',
    'only the first node is registered',
    (good) => ({
      register: (record, options) => good.register({ ...record, nodes: record.nodes.slice(0, 1) }, options),
    }),
  ),
  mutant(
    'a time to live out of range is InvalidArgument and registers nothing',
    'a time to live out of range is moved into it',
    (good) => ({
      register: (record, { ttlMs }) =>
        good.register(record, { ttlMs: Math.min(Math.max(Math.trunc(ttlMs) || 1_000, 1_000), 86_400_000) }),
    }),
  ),
  mutant(aborting, 'the signal of register is ignored', (good) => ({
    register: (record, { ttlMs }) => good.register(record, { ttlMs }),
  })),
  mutant(aborting, 'the signal of lookup is ignored', (good) => ({ lookup: (name) => good.lookup(name) })),
  mutant(aborting, 'the signal of list is ignored', (good) => ({ list: () => good.list() })),
  mutant(
    '100 concurrent registrations are all found, and all removed again',
    'registrations beyond twenty at once are lost',
    (good) => {
      let busy = 0;
      return {
        register: async (record, options) => {
          busy += 1;
          const lease = await good.register(record, options);
          if (busy > 20) await lease.release();
          await new Promise((resolve) => setImmediate(resolve));
          busy -= 1;
          return lease;
        },
      };
    },
  ),
  mutant(copying, 'every lookup hands out one shared object', (good) => {
    const shared = new Map<string, readonly ServiceRecord[]>();
    return {
      lookup: async (name) => {
        const records = shared.get(name) ?? (JSON.parse(JSON.stringify(await good.lookup(name))) as ServiceRecord[]);
        shared.set(name, records);
        return records;
      },
    };
  }),
  mutant(copying, 'the caller’s record is kept by reference', (good) => {
    const given = new Map<string, ServiceRecord>();
    return {
      register: (record, options) => {
        given.set(record.name, record);
        return good.register(record, options);
      },
      lookup: async (name) => [given.get(name)!],
    };
  }),
  mutant('what callers hand over is left as it was', 'the caller’s record is changed', (good) => ({
    register: (record, options) => {
      Object.assign(record.nodes[0]!.metadata, { registry: 'memory' });
      return good.register(record, options);
    },
  })),
  mutant(closing, 'a closed registry answers from what it knows', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        isClosed = true;
        await good.close();
      },
      lookup: async (name) => (isClosed ? [] : good.lookup(name)),
    };
  }),
  mutant(closing, 'a closed registry is watched in silence', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        isClosed = true;
        await good.close();
      },
      watch: (name, options) => (isClosed ? noEvents() : good.watch(name, options)),
    };
  }),
  mutant(closing, 'closing twice rejects', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        if (isClosed) throw new ServiceError('FailedPrecondition', 'closed already');
        isClosed = true;
        await good.close();
      },
    };
  }),
];

function withNodeIds(record: ServiceRecord, change: (id: string) => string): ServiceRecord {
  return { ...record, nodes: record.nodes.map((node) => ({ ...node, id: change(node.id) })) };
}

async function* noEvents(): AsyncGenerator<never, void> {}
