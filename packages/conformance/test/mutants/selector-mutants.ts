import type { SelectorFixture } from '@tenon/conformance';
import { type Candidate, type Filter, type Picker, ServiceError } from '@tenon/contract';
import { type P2cFaults, p2c, randomPicker, roundRobin } from '../reference-pickers.js';
import { type BreakSelector, selectorFixtures } from '../selector-fixture.js';
import type { Mutant } from './prove-cases.js';

const abortCase = 'a select that waits ends when its signal is aborted, and the others go on waiting';
const readyCase = 'with waitForReady it waits through empty sets and filters that leave none, else it does not';
const lostCase = 'with waitForReady it waits until the registry can tell, and no longer than its signal';
const closeCase = 'close ends waiting selects, later ones are refused, and twice is fine';
const failingCase = 'a failing node is avoided where the strategy learns, however fast it fails, and tried again later';

/** Broken selectors, in the order of the cases. */
export const selectorMutants: readonly Mutant<SelectorFixture>[] = [
  mutant('a service without nodes is Unavailable, and was certainly not executed', 'it is NotFound', (good) => ({
    select: (service, options) => {
      try {
        return good.select(service, options);
      } catch {
        throw new ServiceError('NotFound', 'no such service', { executed: 'no' });
      }
    },
  })),
  mutant('a service without nodes is Unavailable, and was certainly not executed', 'it waits for a node', (good) => ({
    update: (service, records) => {
      if (records.length > 0) good.update(service, records);
    },
  })),
  mutant(
    'the only node is chosen, with the record that it stands in',
    'the record says the newest version',
    (good) => ({
      select: async (service, options) => {
        const { node, record } = await good.select(service, options);
        return { node, record: { ...record, version: 'latest' } };
      },
    }),
  ),
  mutant('a node keeps its candidate for as long as the set stays, also in filters', 'each call copies it', (good) => ({
    select: async (service, options) => ({ ...(await good.select(service, options)) }),
  })),
  mutant('a known set is answered at once, without a promise', 'select always returns a promise', (good) => ({
    select: async (service, options) => good.select(service, options),
  })),
  mutant('filters narrow the set, in their order', 'only the first filter is used', (good) => ({
    select: (service, options) => good.select(service, { ...options, filters: options?.filters?.slice(0, 1) }),
  })),
  mutant('filters narrow the set, in their order', 'filters run backwards', (good) => ({
    select: (service, options) => good.select(service, { ...options, filters: options?.filters?.toReversed() }),
  })),
  mutant('filters narrow the set, in their order', 'filters of one call stay for the next', (good) => {
    let filters: readonly Filter[] | undefined;
    return {
      select: (service, options) => {
        filters = options?.filters ?? filters;
        return good.select(service, { ...options, filters });
      },
    };
  }),
  mutant('filters that leave none make it Unavailable, and the message names them', 'it falls back to all', (good) => ({
    select: (service, options) => {
      try {
        return good.select(service, options);
      } catch {
        return good.select(service);
      }
    },
  })),
  mutant('filters that leave none make it Unavailable, and the message names them', 'it does not say why', (good) => ({
    select: (service, options) => {
      try {
        return good.select(service, options);
      } catch {
        throw new ServiceError('Unavailable', 'no node', { executed: 'no' });
      }
    },
  })),
  mutant('excluded nodes are not chosen, and excluding all makes it Unavailable', 'it ignores exclude', (good) => ({
    select: (service, options) => good.select(service, { ...options, exclude: undefined }),
  })),
  mutant(
    'excluded nodes are not chosen, and excluding all makes it Unavailable',
    'excluding all is undone',
    (good) => ({
      select: (service, options) => {
        try {
          return good.select(service, options);
        } catch {
          return good.select(service, { ...options, exclude: undefined });
        }
      },
    }),
  ),
  mutant('a node that is added gets chosen, one that is removed never again', 'the first set stays', (good) => {
    const seen = new Set<string>();
    return {
      update: (service, records) => {
        if (!seen.has(service)) good.update(service, records);
        seen.add(service);
      },
    };
  }),
  mutant('a node that is added gets chosen, one that is removed never again', 'sets only grow', (good) => {
    const all = new Map<string, Parameters<typeof good.update>[1]>();
    return {
      update: (service, records) => {
        all.set(service, [...(all.get(service) ?? []), ...records]);
        good.update(service, all.get(service) ?? []);
      },
    };
  }),
  mutant(
    'nodes that the registry dropped all at once are not chosen any more when they cannot be reached',
    'an empty set is never believed',
    (good) => ({
      update: (service, records) => {
        if (records.length > 0) good.update(service, records);
      },
    }),
  ),
  mutant('the last known nodes are used while the registry is away', 'a lost registry empties the set', (good) => ({
    loseRegistry: () => good.update('away', []),
  })),
  mutant('records, filters and exclusions are not changed', 'records are sorted in place', (good) => ({
    update: (service, records) => {
      for (const { nodes } of records) (nodes as unknown[]).sort();
      good.update(service, records);
    },
  })),
  mutant('records, filters and exclusions are not changed', 'the chosen node is excluded by itself', (good) => ({
    select: async (service, options) => {
      const candidate = await good.select(service, { ...options, exclude: new Set(['a1']) });
      (options?.exclude as Set<string> | undefined)?.add(candidate.node.id);
      return candidate;
    },
  })),
  mutant('a select that waits gets the first set', 'it does not wait', (good) => {
    const known = new Set<string>();
    return {
      update: (service, records) => {
        known.add(service);
        good.update(service, records);
      },
      select: async (service, options) => {
        if (!known.has(service)) throw new ServiceError('Unavailable', 'not known yet', { executed: 'no' });
        return good.select(service, options);
      },
    };
  }),
  mutant(readyCase, 'it fails all the same', (good) => ({
    select: (service, options) => good.select(service, { ...options, waitForReady: false }),
  })),
  mutant(readyCase, 'it always waits', (good) => ({
    select: (service, options) => good.select(service, { ...options, waitForReady: true }),
  })),
  mutant(readyCase, 'it waits for the filters no longer than for the first node', (good) => {
    const known = new Set<string>();
    return {
      update: (service, records) => {
        if (records.length > 0) known.add(service);
        good.update(service, records);
      },
      select: async (service, options) => {
        const filters = options?.waitForReady === true && !known.has(service) ? undefined : options?.filters;
        await good.select(service, { ...options, filters });
        return good.select(service, { ...options, waitForReady: false });
      },
    };
  }),
  mutant(lostCase, 'a registry that is away ends the wait', (good) => {
    let lose = (): void => {};
    const lost = new Promise<never>((_, reject) => {
      lose = () => reject(new ServiceError('Unavailable', 'the registry is away', { executed: 'no' }));
    });
    lost.catch(() => {});
    return {
      loseRegistry: () => lose(),
      select: (service, options) => Promise.race([good.select(service, options), lost]),
    };
  }),
  mutant(lostCase, 'the signal is ignored', (good) => ({
    select: (service, options) => good.select(service, { ...options, signal: undefined }),
  })),
  mutant(abortCase, 'the signal is ignored', (good) => ({
    select: (service, options) => good.select(service, { ...options, signal: undefined }),
  })),
  mutant(abortCase, 'one signal ends every wait', (good) => {
    const all = new AbortController();
    return {
      select: (service, options) => {
        options?.signal?.addEventListener('abort', () => all.abort());
        return good.select(service, { ...options, signal: options?.signal?.aborted ? options.signal : all.signal });
      },
    };
  }),
  mutant(closeCase, 'waiting selects go on waiting', (good) => {
    let closed = false;
    return {
      select: (service, options) => {
        if (closed) throw new ServiceError('FailedPrecondition', 'closed', { executed: 'no' });
        return good.select(service, options);
      },
      close: async () => {
        closed = true;
      },
    };
  }),
  mutant(closeCase, 'a known set is answered after close', (good) => {
    let last: Candidate | undefined;
    return {
      select: async (service, options) => {
        try {
          last = await good.select(service, options);
        } catch (thrown) {
          if (service !== 'known' || last === undefined) throw thrown;
        }
        return last;
      },
    };
  }),
  mutant(closeCase, 'closing twice rejects', (good) => {
    let closes = 0;
    return {
      close: async () => {
        closes += 1;
        if (closes > 1) throw new ServiceError('FailedPrecondition', 'closed already', { executed: 'no' });
        await good.close();
      },
    };
  }),
  {
    caughtBy: 'equal nodes share the calls, across calls',
    fault: 'round robin begins anew for each call',
    fixtures: selectorFixtures('round-robin', { pickers: () => () => ({ ...randomPicker() }) }),
  },
  {
    caughtBy: 'equal nodes share the calls, across calls',
    fault: 'the less loaded of two is always the first',
    fixtures: selectorFixtures('p2c', { pickers: () => () => always(0) }),
  },
  p2cMutant('a slow node gets less where the strategy learns, and its share elsewhere', 'time is not looked at', {
    ignoresElapsed: true,
  }),
  p2cMutant('a busy node gets less where the strategy learns', 'calls under way are not counted', {
    ignoresUnderWay: true,
  }),
  p2cMutant(failingCase, 'a fast failure is a fast node', { ignoresFailures: true }),
  p2cMutant(failingCase, 'a failure is never forgiven', { neverForgives: true }),
  {
    caughtBy: 'two services do not share what is known of their nodes',
    fault: 'all services share one cursor',
    fixtures: selectorFixtures('round-robin', { pickers: () => shared(roundRobin) }),
  },
  {
    caughtBy: 'two services do not share what is known of their nodes',
    fault: 'what is known of a node is kept by its id alone',
    fixtures: selectorFixtures('p2c', { pickers: (now) => shared(() => p2c(now)) }),
  },
  mutant(
    'reports about what is unknown, or doubled, do not throw and do no harm',
    'an unknown service throws',
    (good) => {
      const known = new Set<string>();
      return {
        update: (service, records) => {
          known.add(service);
          good.update(service, records);
        },
        report: (service, candidate, outcome) => {
          if (!known.has(service)) throw new TypeError(`no state of ${service}`);
          good.report(service, candidate, outcome);
        },
      };
    },
  ),
  p2cMutant(
    'reports about what is unknown, or doubled, do not throw and do no harm',
    'a doubled report counts below zero',
    {
      countsBelowZero: true,
    },
  ),
];

function mutant(caughtBy: string, fault: string, broken: BreakSelector): Mutant<SelectorFixture> {
  return { caughtBy, fault, fixtures: selectorFixtures('p2c', { broken }) };
}

function p2cMutant(caughtBy: string, fault: string, faults: P2cFaults): Mutant<SelectorFixture> {
  return { caughtBy, fault, fixtures: selectorFixtures('p2c', { pickers: (now) => () => p2c(now, faults) }) };
}

function always(index: number): Picker {
  return { pick: (candidates) => candidates[index]!, report: () => {} };
}

function shared(make: () => Picker): () => Picker {
  const one = make();
  return () => one;
}
