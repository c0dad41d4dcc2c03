import { eventually as eventuallyWithin } from '@tenon/conformance';
import {
  type LeaseState,
  type Provider,
  provide,
  Registry,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { afterEach, describe, expect, test } from 'vitest';
import { multiRegistry } from '../src/index.js';
import { made } from './fixture.js';

const { signal } = new AbortController();
const open: Registry[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((registry) => registry.close()));
});

/** Two stores, a client of each, and a composite of both. */
function setUp(options: { readonly patienceMs?: number } = {}) {
  const stores = [new MemoryRegistryStore(), new MemoryRegistryStore()] as const;
  const providers = stores.map((store) => memoryRegistry({ store }));
  const [one, other] = stores.map((store) => kept(made(memoryRegistry({ store })))) as [Registry, Registry];
  const both = kept(made(multiRegistry({ read: providers, write: providers, ...options })));
  return { stores, one, other, both };
}

function kept<T extends Registry>(registry: T): T {
  open.push(registry);
  return registry;
}

describe('while one of two registries is away', () => {
  test('lookups, lists and registrations go on, and it has the entry once it is back', async () => {
    const { stores, one, other, both } = setUp();
    await one.register(recordOf('a1'), long);
    stores[1].cut();
    await both.register(recordOf('b1'), long);
    expect(idsOf(await both.lookup('greeter'))).toEqual(['a1', 'b1']);
    expect(await both.list()).toEqual(['greeter']);
    expect(both.trouble).toBeUndefined();
    stores[1].heal();
    await eventually(async () => expect(idsOf(await other.lookup('greeter'))).toEqual(['b1']));
  });

  test('a lease is held as long as one has it, and lost when none has', async () => {
    const { stores, one, both } = setUp();
    const lease = await both.register(recordOf('n1'), { ttlMs: 1_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    stores[1].cut();
    // An entry of the same time to live that nobody renews goes first.
    await one.register(recordOf('hourglass'), { ttlMs: 1_000 });
    stores[0].cut(one);
    await eventually(async () => expect(idsOf(await both.lookup('greeter'))).toEqual(['n1']));
    expect([lease.state, states]).toEqual(['held', []]);
    stores[0].cut();
    await eventually(() => expect(states).toEqual(['lost']));
    stores[1].heal();
    await eventually(() => expect(states).toEqual(['lost', 'held']));
  });

  test('that a service has no node is not said, because the other may know one', async () => {
    const { stores, both } = setUp();
    stores[0].cut();
    await expect(both.lookup('greeter')).rejects.toMatchObject({ code: 'Unavailable' });
    const events = both.watch('greeter')[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'error' });
    stores[0].heal();
    expect((await events.next()).value).toEqual({ kind: 'set', records: [] });
    await events.return?.();
  });

  test('a watch keeps its nodes without an error, less those that the other has let go', async () => {
    const { stores, one, other, both } = setUp();
    const both1 = await both.register(recordOf('both-1'), long);
    await one.register(recordOf('one-1'), long);
    const watch = watching(both);
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['both-1', 'one-1']));
    stores[0].cut();
    await other.register(recordOf('other-1'), long);
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['both-1', 'one-1', 'other-1']));
    await both1.release();
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['one-1', 'other-1']));
    expect(watch.errors).toBe(0);
    stores[1].cut();
    await eventually(() => expect(watch.errors).toBe(1));
    stores[1].heal();
    stores[0].heal();
    // Its entry of the first store could not be taken out while that was away, and ends with its time to live.
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['both-1', 'one-1', 'other-1']));
    await watch.leave();
  });

  test('a record that takes the place of another stands alone in the end, wherever the other one was', async () => {
    const { stores, one, other, both } = setUp();
    const first = await both.register(recordOf('n1', '10.0.0.1:1'), long);
    stores[1].cut();
    const second = await both.register(recordOf('n1', '10.0.0.2:2'), long);
    expect([first.state, second.state]).toEqual(['released', 'held']);
    stores[1].heal();
    const addresses = async (): Promise<unknown> =>
      (await Promise.all([one, other].map((registry) => registry.lookup('greeter'))))
        .flat()
        .flatMap(({ nodes }) => nodes.map(({ address }) => address));
    await eventually(async () => expect(await addresses()).toEqual(['10.0.0.2:2', '10.0.0.2:2']));
    await second.release();
    expect(await addresses()).toEqual([]);
  });

  test('a record that is released before it was in everywhere comes in nowhere', async () => {
    const { stores, other, both } = setUp();
    stores[1].cut();
    const lease = await both.register(recordOf('n1'), long);
    // Those that are tried after it, as it would have been.
    for (const id of ['n2', 'n3', 'n4']) await both.register(recordOf(id), long);
    await lease.release();
    stores[1].heal();
    await eventually(async () => expect(idsOf(await other.lookup('greeter'))).toEqual(['n2', 'n3', 'n4']));
  });
});

describe('a registry that does not answer at all', () => {
  /** A registry whose every promise waits for ever. */
  const silent = (): Provider<Registry> =>
    provide(Registry, [], () => {
      const never = (): Promise<never> => new Promise(() => {});
      return {
        capabilities: made(memoryRegistry()).capabilities,
        register: never,
        lookup: never,
        list: never,
        watch: () => ({
          [Symbol.asyncIterator]: () => ({ next: never, return: async () => ({ done: true, value: undefined }) }),
        }),
        close: async () => {},
      };
    });

  test('is left behind after the patience that there is', async () => {
    const store = new MemoryRegistryStore();
    const parts = [memoryRegistry({ store }), silent()];
    const both = kept(made(multiRegistry({ read: parts, write: parts, patienceMs: 20 })));
    const lease = await both.register(recordOf('n1'), long);
    expect(lease.state).toBe('held');
    expect(idsOf(await both.lookup('greeter'))).toEqual(['n1']);
    expect(await both.list()).toEqual(['greeter']);
    const watch = watching(both);
    await eventually(() => expect(watch.sets).toEqual([['n1']]));
    await watch.leave();
  });
});

describe('starting', () => {
  /** A memory registry that starts once `isThere` says so. */
  const startable = (store: MemoryRegistryStore, start: () => void): Provider<Registry> => {
    const inner = memoryRegistry({ store });
    const create = inner.create as (...dependencies: never[]) => Registry;
    return { ...inner, create: (...given) => Object.assign(create(...given), { start: async () => start() }) };
  };
  const away = (code: 'Unavailable' | 'PermissionDenied') => (): never => {
    throw new ServiceError(code, 'it says no', { executed: 'no' });
  };

  test('goes on without a registry that is away, which starts later and has everything then', async () => {
    const stores = [new MemoryRegistryStore(), new MemoryRegistryStore()] as const;
    let refusals = 2;
    const late = startable(stores[1], () => {
      refusals -= 1;
      if (refusals >= 0) away('Unavailable')();
    });
    const both = kept(made(multiRegistry(memoryRegistry({ store: stores[0] }), late)));
    await both.start?.(signal);
    const watch = watching(both);
    await both.register(recordOf('n1'), long);
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['n1']));
    const seen = kept(made(memoryRegistry({ store: stores[1] })));
    await eventually(async () => expect(idsOf(await seen.lookup('greeter'))).toEqual(['n1']));
    await seen.register(recordOf('late-1'), long);
    await eventually(() => expect(watch.sets.at(-1)).toEqual(['late-1', 'n1']));
    await watch.leave();
  });

  test('needs one that is read and one that is written', async () => {
    const [there, gone] = [memoryRegistry(), startable(new MemoryRegistryStore(), away('Unavailable'))];
    for (const roles of [
      { read: [gone], write: [there, gone] },
      { read: [there], write: [gone] },
    ]) {
      const both = kept(made(multiRegistry(roles)));
      await expect(both.start?.(signal)).rejects.toMatchObject({ code: 'Unavailable' });
    }
  });

  test('tells at once what is not a matter of waiting', async () => {
    const refusing = startable(new MemoryRegistryStore(), away('PermissionDenied'));
    const both = kept(made(multiRegistry(memoryRegistry(), refusing)));
    await expect(both.start?.(signal)).rejects.toMatchObject({ code: 'PermissionDenied' });
  });
});

interface Watching {
  readonly sets: (readonly string[])[];
  errors: number;
  leave(): Promise<void>;
}

function watching(registry: Registry): Watching {
  const events: AsyncIterator<RegistryEvent> = registry.watch('greeter')[Symbol.asyncIterator]();
  const watch = { sets: [] as (readonly string[])[], errors: 0 };
  const reading = (async () => {
    for (;;) {
      const event = await events.next();
      if (event.done === true) return;
      if (event.value.kind === 'set') watch.sets.push(idsOf(event.value.records));
      else watch.errors += 1;
    }
  })();
  return Object.assign(watch, {
    leave: async () => {
      await events.return?.();
      await reading;
    },
  });
}

async function eventually(check: () => Promise<unknown> | unknown): Promise<void> {
  await eventuallyWithin(async () => void (await check()), { withinMs: 10_000, everyMs: 10 });
}

const long = Object.freeze({ ttlMs: 60_000 });

function recordOf(id: string, address = '10.0.0.1:80'): ServiceRecord {
  return { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [{ id, address, metadata: {} }] };
}

function idsOf(records: readonly ServiceRecord[]): readonly string[] {
  return records.flatMap(({ nodes }) => nodes.map(({ id }) => id)).sort();
}
