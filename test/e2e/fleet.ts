import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { httpTransport } from '@tenon/transport-http';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { tcpTransport } from '@tenon/transport-tcp';
import { type App, type AppOptions, createApp, type Module, type TlsOptions } from 'tenon';
import { pemFile } from '../tls/test-tls.js';

/** The wires that the same cases run over. */
export const wires = ['memory', 'http', 'http under TLS', 'tenon/1', 'tenon/1 under TLS'] as const;
export type Wire = (typeof wires)[number];

/** Several apps in one process that find each other through one memory registry, and call each other over one wire. */
export class TestFleet {
  readonly #store = new MemoryRegistryStore();
  readonly #hub = new MemoryHub();
  readonly #network = new MemoryNetwork();
  readonly #apps: App[] = [];

  constructor(private readonly wire: Wire) {}

  async start(options: Omit<AppOptions, 'profile'> = {}): Promise<App> {
    const app = await createApp({
      log: { level: 'silent' },
      ...(this.wire.endsWith('under TLS') ? { tls: testTls } : {}),
      ...options,
      // A service of the same app is called over the wire like any other.
      client: { local: 'off', ...options.client },
      profile: 'test',
      modules: [
        memoryRegistry({ store: this.#store }),
        memoryBroker({ hub: this.#hub }),
        this.#transport(),
        ...(options.modules ?? []),
      ],
    });
    this.#apps.push(app);
    await app.start();
    return app;
  }

  /** Takes the registry away from everybody. */
  loseRegistry(): void {
    this.#store.cut();
  }

  #transport(): Module {
    if (this.wire === 'memory') return memoryTransport({ network: this.#network });
    return this.wire.startsWith('http') ? httpTransport() : tcpTransport();
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.close()));
  }
}

/** Throwaway certificates, made for tests: of 127.0.0.1, shown by both sides. */
const testTls: TlsOptions = {
  ca: pemFile('ca'),
  cert: pemFile('server'),
  key: pemFile('server-key'),
  mutual: true,
};
