import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { httpTransport } from '@tenon/transport-http';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { type App, type AppOptions, createApp, type Module } from 'tenon';

/** The wires that the same cases run over. */
export const wires = ['memory', 'http'] as const;
export type Wire = (typeof wires)[number];

/** Several apps in one process that find each other through one memory registry, and call each other over one wire. */
export class TestFleet {
  readonly #store = new MemoryRegistryStore();
  readonly #hub = new MemoryHub();
  readonly #network = new MemoryNetwork();
  readonly #apps: App[] = [];

  constructor(private readonly wire: Wire) {}

  async start(options: Omit<AppOptions, 'profile'> = {}): Promise<App> {
    const transport: Module = this.wire === 'http' ? httpTransport() : memoryTransport({ network: this.#network });
    const app = await createApp({
      log: { level: 'silent' },
      ...options,
      profile: 'test',
      modules: [
        memoryRegistry({ store: this.#store }),
        memoryBroker({ hub: this.#hub }),
        transport,
        ...(options.modules ?? []),
      ],
    });
    this.#apps.push(app);
    await app.start();
    return app;
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
  }
}
