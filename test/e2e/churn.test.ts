import { eventually } from '@tenon/conformance';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import {
  etcdRegistry,
  type Provider,
  type Registry,
  registrySelector,
  roundRobinStrategy,
  type Selector,
  type ServiceRecord,
  type Strategy,
} from 'tenon';
import { expect, test } from 'vitest';
import { BackEnd } from './back-end.js';
import { leavingNothing } from './leaving-nothing.js';
import { Line } from './line.js';

// Nodes come, crash, come back and leave at random, over a real etcd; in the end every client knows exactly who lives.
// A failure names its seed: CHURN_SEED=<seed> repeats the same steps.
const seed = Number(process.env['CHURN_SEED'] ?? Date.now() % 1_000_000_000);

const service = 'churned';
const ttlMs = 2_000;
const places = 10;
const steps = 100;

test(`after ${steps} random steps and a time to live, every client's set is the live set`, async () => {
  await using etcd = await BackEnd.started('etcd');
  await leavingNothing(async () => {
    const fleet = new ChurnedFleet(etcd.address);
    const clients = Array.from({ length: 3 }, () => new WatchingClient(etcd.address));
    const random = generator(seed);
    const done: string[] = [];
    try {
      for (let step = 0; step < steps; step += 1) {
        done.push(await fleet.step(Math.floor(random() * places), random()));
        // Steps crowd together, and now and then one comes late enough for an entry to expire before it.
        const waitMs = random() < 0.04 ? ttlMs * 1.5 : random() * 60;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      const told = `CHURN_SEED=${seed}: ${done.join(', ')}`;
      for (const what of ['register', 'crash', 'restart', 'leave']) expect(told).toContain(what);
      await eventually(
        async () => {
          for (const client of clients) {
            expect(client.watched, `a watch after ${told}`).toEqual(fleet.live);
            expect(await client.lookedUp(), `a lookup after ${told}`).toEqual(fleet.live);
            expect(await client.selected(), `a selector after ${told}`).toEqual(fleet.live);
          }
        },
        // What crashed last is gone after its time to live, which etcd checks every half second.
        { withinMs: ttlMs + 13_000, everyMs: 50 },
      );
      expect(fleet.live.length, `someone lives after ${told}`).toBeGreaterThan(0);
      for (const client of clients) expect(client.errors, 'etcd was there all the time').toEqual([]);
    } finally {
      await Promise.all([fleet.close(), ...clients.map((client) => client.close())]);
    }
  });
}, 90_000);

/** One run of a node: a registry client of its own behind a line of its own. */
interface Life {
  readonly address: string;
  readonly registry: Registry;
  readonly line: Line;
}

/** Places for nodes, each with an id that it keeps, and an address that is new in each life. */
class ChurnedFleet {
  readonly #etcd: string;
  readonly #lives = new Map<number, Life>();
  readonly #crashed = new Set<number>();
  /** Crashed processes: their lines are cut, so nothing that they still do reaches etcd. */
  readonly #dead: Life[] = [];
  #births = 0;

  constructor(etcd: string) {
    this.#etcd = etcd;
  }

  /** `id@address` of every node that lives, sorted. */
  get live(): readonly string[] {
    return [...this.#lives].map(([place, life]) => named(idOf(place), life.address)).toSorted();
  }

  /** Does something at random with one place, and tells what. */
  async step(place: number, choice: number): Promise<string> {
    const id = idOf(place);
    if (!this.#lives.has(place)) {
      const what = this.#crashed.delete(place) ? 'restart' : 'register';
      await this.#begin(place);
      return `${what} ${id}`;
    }
    if (choice < 0.5) {
      this.#crash(place);
      return `crash ${id}`;
    }
    if (choice < 0.8) {
      // Comes back at once, while the entry of its earlier life still stands.
      this.#crash(place);
      this.#crashed.delete(place);
      await this.#begin(place);
      return `restart ${id}`;
    }
    const life = this.#lives.get(place);
    this.#lives.delete(place);
    await life?.registry.close();
    await life?.line.close();
    return `leave ${id}`;
  }

  async close(): Promise<void> {
    const everyone = [...this.#dead, ...this.#lives.values()];
    await Promise.all(everyone.map(({ registry }) => registry.close()));
    await Promise.all(everyone.map(({ line }) => line.close()));
  }

  async #begin(place: number): Promise<void> {
    this.#births += 1;
    const line = await Line.to(this.#etcd);
    const registry = registryAt(line.address);
    const address = `10.0.0.${place}:${10_000 + this.#births}`;
    this.#lives.set(place, { address, registry, line });
    const node = { id: idOf(place), address, metadata: {} };
    await registry.register({ name: service, version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] }, { ttlMs });
  }

  #crash(place: number): void {
    const life = this.#lives.get(place);
    if (life === undefined) return;
    this.#lives.delete(place);
    this.#crashed.add(place);
    this.#dead.push(life);
    life.line.cut();
  }
}

/** A caller's side: a watch, lookups, and the selector that calls go through. */
class WatchingClient {
  readonly errors: unknown[] = [];
  readonly #registry: Registry;
  readonly #selector: Selector;
  readonly #watching: Promise<void>;
  #watched: readonly string[] = [];

  constructor(etcd: string) {
    this.#registry = registryAt(etcd);
    const strategy: Strategy = made(roundRobinStrategy());
    // What the registry says is what this is about: nobody calls these nodes, so nothing else could tell who lives.
    const provider = registrySelector({ doubtMs: 0 });
    this.#selector = made(provider, this.#registry, strategy, silentLogger(), systemClock());
    this.#watching = this.#watch();
    // Its first look begins the selector's own watch, from before the first node on.
    void this.selected();
  }

  /** The newest set that its watch yielded. */
  get watched(): readonly string[] {
    return this.#watched;
  }

  async lookedUp(): Promise<readonly string[]> {
    return namesIn(await this.#registry.lookup(service));
  }

  /** Whom round robin picks: each node once in as many picks as there are nodes. */
  async selected(): Promise<readonly string[]> {
    const picks: string[] = [];
    try {
      while (picks.length <= places) {
        const { node } = await this.#selector.select(service);
        const pick = named(node.id, node.address);
        if (pick === picks[0]) break;
        picks.push(pick);
      }
    } catch {
      // Nobody is known, which is what the empty list says.
    }
    return picks.toSorted();
  }

  async close(): Promise<void> {
    await (this.#selector as Selector & { close(): Promise<void> }).close();
    await this.#registry.close();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    for await (const event of this.#registry.watch(service)) {
      if (event.kind === 'set') this.#watched = namesIn(event.records);
      else this.errors.push(event.error);
    }
  }
}

function registryAt(endpoint: string): Registry {
  return made(etcdRegistry({ endpoints: [endpoint] }), silentLogger(), systemClock());
}

function made<T>(provider: Provider<T>, ...dependencies: readonly unknown[]): T {
  return provider.create(...(dependencies as never[]));
}

function namesIn(records: readonly ServiceRecord[]): readonly string[] {
  return records.flatMap(({ nodes }) => nodes.map(({ id, address }) => named(id, address))).toSorted();
}

function named(id: string, address: string): string {
  return `${id}@${address}`;
}

function idOf(place: number): string {
  return `churned-${place}`;
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
