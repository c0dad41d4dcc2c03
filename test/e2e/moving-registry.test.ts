import { eventually } from '@tenon/conformance';
import { multiRegistry } from '@tenon/registry-multi';
import { IsInt } from 'class-validator';
import { type App, createApp, Endpoint, type Provider, Registry, Service, tcpTransport } from 'tenon';
import { expect, test } from 'vitest';
import { type BackEndServer, backEnds } from '../discovery/back-end.js';

// A fleet moves from etcd to Consul, writers and readers each for themselves, while it is called all the time. The new registry dies on
// the way, so the readers go back once. Consul is a double: not a real agent.

/** A registry that can be taken away and given back. */
interface RunningRegistry extends AsyncDisposable {
  readonly server: BackEndServer;
  provider(): Provider<Registry>;
}

async function started(name: string): Promise<RunningRegistry> {
  const module = (await backEnds()).get(name);
  const running = await module?.backEnd.start();
  if (module === undefined || running?.server === undefined) throw new Error(`there is no server of ${name}`);
  return Object.assign(running, { server: running.server, provider: () => module.connect(running.where as never) });
}

class Count {
  @IsInt() number!: number;
}

@Service('counter')
class Counter {
  @Endpoint()
  async next({ number }: Count): Promise<Count> {
    return { number: number + 1 };
  }
}

const nodes = 3;
const callers = 2;
const atLeastCalls = 10_000;

test(`a fleet moves from etcd to Consul and none of ${atLeastCalls} calls fails`, async () => {
  await using from = await started('etcd');
  await using to = await started('consul');
  const [a, b] = [from.provider(), to.provider()];
  const counters = new Places(nodes, [Counter]);
  const asking = new Places(callers, []);
  const load = new Load(asking);
  try {
    await counters.move(a);
    await asking.move(a);
    load.start();
    await load.calls(500);

    await counters.move(multiRegistry({ write: [a, b], read: [a] }));
    for (const registry of [a, b]) expect(await nodesIn(registry)).toHaveLength(nodes);
    await asking.move(multiRegistry({ write: [b], read: [b, a] }));
    await load.calls(500);

    await to.server.kill();
    await load.calls(500);
    await counters.move(multiRegistry({ write: [a, b], read: [a], patienceMs: 200 }));
    await asking.move(a);
    await load.calls(500);

    await to.server.start();
    await eventually(async () => expect(await nodesIn(b)).toEqual(await nodesIn(a)), { withinMs: 20_000, everyMs: 50 });
    await asking.move(b);
    await load.calls(500);
    await counters.move(b);
    expect([(await nodesIn(a)).length, (await nodesIn(b)).length]).toEqual([0, nodes]);
    await from.server.kill();
    await load.calls(Math.max(500, atLeastCalls - load.done));

    await load.stop();
    expect(load.done).toBeGreaterThanOrEqual(atLeastCalls);
    expect(load.failures).toEqual([]);
  } finally {
    await load.stop();
    await Promise.all([counters.close(), asking.close()]);
  }
}, 120_000);

/** Some apps of one kind, which are replaced one after the other, as a rolling restart does it. */
class Places {
  readonly #apps: App[] = [];
  readonly #inHand = new Map<App | undefined, Set<Promise<unknown>>>();

  constructor(
    private readonly count: number,
    private readonly services: readonly (typeof Counter)[],
  ) {}

  /** Does something with the app that stands in a place now; that app is not drained before it is done. */
  async with<T>(index: number, work: (app: App) => Promise<T>): Promise<T> {
    const app = this.#apps[index % this.count] as App;
    const working = work(app);
    const inHand = (this.#inHand.get(app) ?? new Set()).add(working);
    this.#inHand.set(app, inHand);
    try {
      return await working;
    } finally {
      inHand.delete(working);
    }
  }

  /** Replaces each app by one that has this registry. The old one leaves when the new one serves. */
  async move(registry: Provider<Registry>): Promise<void> {
    for (let index = 0; index < this.count; index += 1) {
      const app = await createApp({
        services: this.services,
        modules: [registry, tcpTransport()],
        profile: 'test',
        log: { level: 'silent' },
        // What left while a registry was away stands there so long after its return.
        server: { ttlMs: 3_000 },
      });
      await app.start();
      const old = this.#apps[index];
      this.#apps[index] = app;
      // Draining is for what an app serves; what it asks is for itself to finish.
      await Promise.allSettled(this.#inHand.get(old) ?? []);
      await old?.drain();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()));
  }
}

/** Calls that never stop, from whichever app stands in a place at the time. */
class Load {
  readonly failures: unknown[] = [];
  done = 0;
  #isOver = false;
  #running: readonly Promise<void>[] = [];

  constructor(private readonly places: Places) {}

  start(): void {
    this.#running = Array.from({ length: 8 }, (_, index) => this.#run(index));
  }

  /** Resolves after so many more calls. */
  async calls(count: number): Promise<void> {
    const target = this.done + count;
    await eventually(() => expect(this.done).toBeGreaterThanOrEqual(target), { withinMs: 30_000, everyMs: 5 });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #run(index: number): Promise<void> {
    for (let number = 0; !this.#isOver; number += 1) {
      try {
        const reply = await this.places.with(index, (app) => app.call('counter', 'Counter.Next', { number }));
        if ((reply as Count).number !== number + 1) this.failures.push(reply);
      } catch (thrown) {
        this.failures.push(thrown);
      }
      this.done += 1;
      // The rest of the process has its turn.
      await new Promise(setImmediate);
    }
  }
}

/** The sorted ids of the nodes that stand in a registry. */
async function nodesIn(registry: Provider<Registry>): Promise<readonly string[]> {
  const app = await createApp({ modules: [registry], profile: 'test', log: { level: 'silent' } });
  try {
    const records = await app.get(Registry).lookup('counter');
    return records.flatMap((record) => record.nodes.map(({ id }) => id)).sort();
  } finally {
    await app.close();
  }
}
