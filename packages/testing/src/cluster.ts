import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { type App, type AppOptions, Broker, Clock, createApp, provide, Registry, ServiceError } from 'tenon';

export interface ClusterOptions {
  /** The time that all nodes share, such as a `FakeClock`. Default: real time. */
  readonly clock?: Clock;
  /** How long a request and a reply each travel, in milliseconds of the clock. Default 0. */
  readonly latencyMs?: number;
}

/**
 * Many apps in one process, over one memory registry, network and broker: what a fleet does, without sockets or servers,
 * with partitions and crashes by a call.
 */
export class Cluster implements AsyncDisposable {
  readonly #store = new MemoryRegistryStore();
  readonly #hub = new MemoryHub();
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #apps = new Set<App>();

  constructor({ clock = systemClock(), latencyMs = 0 }: ClusterOptions = {}) {
    this.#clock = clock;
    this.#network = new MemoryNetwork({ latencyMs });
  }

  /** The apps that run, in the order in which they were started. */
  get apps(): readonly App[] {
    return [...this.#apps];
  }

  /** Starts one more app in the cluster. Its `modules` override the cluster's providers. */
  async start(options: Omit<AppOptions, 'profile'> = {}): Promise<App> {
    const app = await createApp({
      log: { level: 'error' },
      ...options,
      profile: 'test',
      modules: [
        provide(Clock, [], () => this.#clock),
        memoryRegistry({ store: this.#store }),
        memoryTransport({ network: this.#network }),
        memoryBroker({ hub: this.#hub }),
        ...(options.modules ?? []),
      ],
    });
    await app.start();
    this.#apps.add(app);
    return app;
  }

  /** Stops an app gently, as SIGTERM does. */
  async stop(app: App): Promise<void> {
    this.#apps.delete(app);
    await app.drain();
  }

  /**
   * Ends an app as SIGKILL does: nobody is told. Calls under way on it break, and its registry entries stay until their
   * time to live is over.
   */
  async crash(app: App): Promise<void> {
    this.#apps.delete(app);
    this.#isolate(app);
    await app.close();
  }

  /** Cuts one app off from the registry, the broker and every other app, while it goes on running. */
  isolate(app: App): void {
    this.#isolate(app);
  }

  /** Undoes `isolate`. */
  rejoin(app: App): void {
    this.#store.heal(app.get(Registry));
    this.#hub.heal(app.get(Broker));
    this.#network.heal(instanceOf(app));
  }

  /** Breaks the links between two groups of apps; each app still reaches its own group, the registry and the broker. */
  partition(some: readonly App[], others: readonly App[]): void {
    for (const one of some) for (const other of others) this.#network.partition(instanceOf(one), instanceOf(other));
  }

  /** Undoes `partition`. */
  heal(some: readonly App[], others: readonly App[]): void {
    for (const one of some) for (const other of others) this.#network.join(instanceOf(one), instanceOf(other));
  }

  /** Takes the registry away from everybody, or gives it back. */
  loseRegistry(): void {
    this.#store.cut();
  }

  restoreRegistry(): void {
    this.#store.heal();
  }

  /** Closes every app. Twice is fine. */
  async close(): Promise<void> {
    const apps = [...this.#apps];
    this.#apps.clear();
    await Promise.all(apps.map((app) => app.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isolate(app: App): void {
    this.#store.cut(app.get(Registry));
    this.#hub.cut(app.get(Broker));
    if (app.address !== undefined) this.#network.cut(instanceOf(app));
  }
}

function instanceOf(app: App): string {
  const address = app.address?.listen ?? '';
  if (address.startsWith('memory:')) return address.slice('memory:'.length);
  throw new ServiceError('FailedPrecondition', 'the app serves nothing over memory, so there is no link of it to cut', {
    executed: 'no',
  });
}
