import { type Clock, type LeaseState, Registry, type RegistryEvent, type ServiceRecord } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { MemoryRegistryStore, memoryRegistry } from './index.js';

/** A clock that moves only by hand. */
class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}

function setUp() {
  const clock = new ManualClock();
  const store = new MemoryRegistryStore();
  const client = (): Registry => (memoryRegistry({ store }).create as (clock: Clock) => Registry)(clock);
  return { clock, store, client };
}

function recordOf(id: string): ServiceRecord {
  const nodes = [{ id, address: `memory:${id}`, metadata: {} }];
  return { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes };
}

async function ids(registry: Registry): Promise<readonly string[]> {
  return (await registry.lookup('greeter')).flatMap(({ nodes }) => nodes.map(({ id }) => id));
}

describe('memoryRegistry', () => {
  it('provides a Registry, and without a store one of its own for each application', async () => {
    const provider = memoryRegistry();
    expect(provider.token).toBe(Registry);
    const create = provider.create as (clock: Clock) => Registry;
    const clock = new ManualClock();
    const [one, other] = [create(clock), create(clock)];
    await one.register(recordOf('n1'), { ttlMs: 1_000 });
    expect([await ids(one), await ids(other)]).toEqual([['n1'], []]);
  });

  it('renews on its clock alone, for as long as it reaches the store', async () => {
    const { clock, store, client } = setUp();
    const [owner, observer] = [client(), client()];
    await owner.register(recordOf('n1'), { ttlMs: 3_000 });
    clock.advance(3_600_000);
    expect(await ids(observer)).toEqual(['n1']);
    store.cut(owner);
    clock.advance(1_999);
    expect(await ids(observer)).toEqual(['n1']);
    clock.advance(1_001);
    expect(await ids(observer)).toEqual([]);
  });

  it('loses a lease after its time to live without the store, and registers again the moment it is back', async () => {
    const { clock, store, client } = setUp();
    const [owner, observer] = [client(), client()];
    const lease = await owner.register(recordOf('n1'), { ttlMs: 3_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    store.cut(owner);
    clock.advance(2_999);
    expect([lease.state, states]).toEqual(['held', []]);
    clock.advance(1);
    expect([lease.state, states]).toEqual(['lost', ['lost']]);
    clock.advance(60_000);
    store.heal(owner);
    expect(states).toEqual(['lost', 'held']);
    expect(await ids(observer)).toEqual(['n1']);
  });

  it('keeps the lease of an outage that is shorter than its time to live', async () => {
    const { clock, store, client } = setUp();
    const registry = client();
    const lease = await registry.register(recordOf('n1'), { ttlMs: 3_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    for (let outage = 0; outage < 5; outage++) {
      store.cut();
      clock.advance(1_900);
      store.heal();
    }
    expect([states, await ids(registry)]).toEqual([[], ['n1']]);
  });

  it('notices a wiped store at the next renewal', async () => {
    const { clock, store, client } = setUp();
    const registry = client();
    const lease = await registry.register(recordOf('n1'), { ttlMs: 3_000 });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    store.clear();
    expect(await ids(registry)).toEqual([]);
    clock.advance(1_000);
    expect([states, await ids(registry)]).toEqual([['lost', 'held'], ['n1']]);
  });

  it('gives way to another process that registered the same node', async () => {
    const { clock, client } = setUp();
    const [one, other] = [client(), client()];
    const earlier = await one.register(recordOf('n1'), { ttlMs: 3_000 });
    const later = await other.register(recordOf('n1'), { ttlMs: 3_000 });
    clock.advance(1_000);
    expect([earlier.state, later.state]).toEqual(['released', 'held']);
    await earlier.release();
    expect(await ids(one)).toEqual(['n1']);
  });

  it('releases nothing of another process that registered the same node, before it has heard of it too', async () => {
    const { client } = setUp();
    const [one, other] = [client(), client()];
    const earlier = await one.register(recordOf('n1'), { ttlMs: 3_000 });
    await other.register(recordOf('n1'), { ttlMs: 3_000 });
    await earlier.release();
    expect(await ids(one)).toEqual(['n1']);
  });

  it('stays away where a listener releases the lost lease', async () => {
    const { clock, store, client } = setUp();
    const registry = client();
    const lease = await registry.register(recordOf('n1'), { ttlMs: 3_000 });
    lease.onChange((state) => void (state === 'lost' && lease.release()));
    store.clear();
    clock.advance(60_000);
    expect([lease.state, await ids(registry), clock.pending]).toEqual(['released', [], 0]);
  });

  it('leaves no timer after close', async () => {
    const { clock, client } = setUp();
    const registry = client();
    await registry.register(recordOf('n1'), { ttlMs: 3_000 });
    await registry.register(recordOf('n2'), { ttlMs: 3_000 });
    await registry.close();
    expect(clock.pending).toBe(0);
  });
});

describe('MemoryRegistryStore', () => {
  it('cuts off one registry by name, which the return of the whole store does not bring back', async () => {
    const { store, client } = setUp();
    const [one, other] = [client(), client()];
    store.cut(one);
    await expect(one.list()).rejects.toThrow('[Unavailable]');
    expect(await other.list()).toEqual([]);
    store.cut();
    await expect(other.list()).rejects.toThrow('[Unavailable]');
    store.heal();
    await expect(one.list()).rejects.toThrow('[Unavailable]');
    expect(await other.list()).toEqual([]);
    store.heal(one);
    expect(await one.list()).toEqual([]);
  });

  it('tells the watches of those it is taken from, and of no other', async () => {
    const { store, client } = setUp();
    const [one, other] = [client(), client()];
    const watches = [one, other].map((registry) => registry.watch('greeter')[Symbol.asyncIterator]());
    const next = async (index: number): Promise<RegistryEvent> => (await watches[index]!.next()).value;
    expect([(await next(0)).kind, (await next(1)).kind]).toEqual(['set', 'set']);
    store.cut(one);
    expect((await next(0)).kind).toBe('error');
    await other.register(recordOf('n1'), { ttlMs: 3_000 });
    expect(await next(1)).toMatchObject({ kind: 'set', records: [{ nodes: [{ id: 'n1' }] }] });
    store.heal(one);
    expect(await next(0)).toMatchObject({ kind: 'set', records: [{ nodes: [{ id: 'n1' }] }] });
  });
});
