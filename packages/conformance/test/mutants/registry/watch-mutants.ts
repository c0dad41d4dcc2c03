import type { RegistryFixture } from '@tenon/conformance';
import type { RegistryEvent, ServiceRecord } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { mutant } from './broken-registry.js';
import { eager, emptySet, mapped, withRecords } from './broken-watch.js';

const firstSet = 'the first event of a watch is the whole set, at once';
const laterSets = 'each later event is the whole newest set';
const aborting = 'aborting ends a watch without an error and frees its signal';
const leaving = 'leaving the loop ends a watch and frees its signal';
const closing = 'closing the registry ends its watches without an error, and no other client’s';

/** Broken in watching, while all is well. */
export const watchMutants: readonly Mutant<RegistryFixture>[] = [
  mutant(firstSet, 'a watch yields changes only', (good) => ({
    watch: (name, options) => mapped(good.watch(name, options), (event, index) => (index === 0 ? [] : [event])),
  })),
  mutant(firstSet, 'the first event has the nodes of one version only', (good) => ({
    watch: (name, options) =>
      mapped(good.watch(name, options), (event, index) => [
        index === 0 ? withRecords(event, (records) => records.slice(0, 1)) : event,
      ]),
  })),
  mutant(
    'the first event of a watch on an unknown service is the empty set, at once',
    'an empty first set is left out',
    (good) => ({
      watch: (name, options) =>
        mapped(good.watch(name, options), (event, index) => (index === 0 && isEmpty(event) ? [] : [event])),
    }),
  ),
  mutant(laterSets, 'later events hold what changed', (good) => ({
    watch: (name, options) => {
      const known = new Set<string>();
      return mapped(good.watch(name, options), (event) => {
        const changed = withRecords(event, (records) => withoutNodes(records, known));
        for (const id of idsIn(event)) known.add(id);
        return [changed];
      });
    },
  })),
  mutant(laterSets, 'a changed address is no event', (good) => ({
    watch: (name, options) => {
      let last: string | undefined;
      return mapped(good.watch(name, options), (event) => {
        const ids = idsIn(event).join();
        const isNew = ids !== last;
        last = ids;
        return isNew ? [event] : [];
      });
    },
  })),
  mutant('changes are seen in the order in which they were made', 'two events change places', (good) => ({
    watch: (name, options) => {
      let held: RegistryEvent = emptySet;
      return mapped(eager(good.watch(name, options)), (event, index) => {
        if (index === 1) held = event;
        return index === 1 ? [] : index === 2 ? [event, held] : [event];
      });
    },
  })),
  mutant('a change of another service is no event', 'a watch also wakes for other services', (good) => ({
    watch: (name, options) => {
      const others = mapped(good.watch('mailer', options), (_, index) => (index === 0 ? [] : [emptySet]));
      return eager(good.watch(name, options), others);
    },
  })),
  mutant('a slow reader gets the newest set, not each between', 'every set is queued', (good) => ({
    watch: (name, options) => eager(good.watch(name, options)),
  })),
  mutant('two watches of one service are independent', 'leaving one watch ends all', (good) => {
    const shared = new AbortController();
    return {
      watch: async function* (name) {
        try {
          yield* good.watch(name, { signal: shared.signal });
        } finally {
          shared.abort();
        }
      },
    };
  }),
  mutant(aborting, 'the signal is ignored', (good) => ({ watch: (name) => good.watch(name) })),
  mutant(aborting, 'a listener stays on the signal', (good) => ({
    watch: (name, options) => {
      options?.signal?.addEventListener('abort', () => {});
      return good.watch(name, options);
    },
  })),
  mutant(aborting, 'an abort is thrown at the reader', (good) => ({
    watch: async function* (name, options) {
      yield* good.watch(name, options);
      options?.signal?.throwIfAborted();
    },
  })),
  mutant(
    'a watch whose signal is aborted already ends without an event',
    'the signal is only looked at after an event',
    (good) => ({
      watch: async function* (name, options) {
        for await (const event of good.watch(name)) {
          yield event;
          if (options?.signal?.aborted === true) return;
        }
      },
    }),
  ),
  mutant(leaving, 'leaving the loop is not noticed', (good) => ({
    watch: (name, options) => ({
      [Symbol.asyncIterator]: () => {
        const events = good.watch(name, options)[Symbol.asyncIterator]();
        return { next: () => events.next() };
      },
    }),
  })),
  mutant(leaving, 'a watch that was left goes on', (good) => ({
    watch: (name) => ({
      [Symbol.asyncIterator]: () => {
        const events = good.watch(name)[Symbol.asyncIterator]();
        return { next: () => events.next(), return: async () => ({ value: undefined, done: true }) };
      },
    }),
  })),
  mutant(closing, 'closing leaves the watches waiting', () => ({ close: async () => {} })),
  mutant(closing, 'closing is an error to the watches', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        isClosed = true;
        await good.close();
      },
      watch: async function* (name, options) {
        yield* good.watch(name, options);
        if (isClosed) throw new Error('the registry was closed');
      },
    };
  }),
];

function isEmpty(event: RegistryEvent): boolean {
  return event.kind === 'set' && event.records.length === 0;
}

function idsIn(event: RegistryEvent): readonly string[] {
  return event.kind === 'set' ? event.records.flatMap(({ nodes }) => nodes.map(({ id }) => id)) : [];
}

function withoutNodes(records: readonly ServiceRecord[], known: ReadonlySet<string>): readonly ServiceRecord[] {
  return records
    .map((record) => ({ ...record, nodes: record.nodes.filter(({ id }) => !known.has(id)) }))
    .filter(({ nodes }) => nodes.length > 0);
}
