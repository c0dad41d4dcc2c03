import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, recordOf, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState, Logger } from '@tenon/contract';
import { expect } from 'vitest';
import { NatsServer, type NatsServerOptions } from '../../../test/nats-server/nats-server.js';
import type { NatsRegistry } from '../src/nats-registry.js';
import type { NatsRegistryOptions } from '../src/nats-registry-options.js';
import { natsClient } from './fixture.js';

/** What a test started, and its end. */
export class Stage {
  readonly #cleanups: (() => Promise<unknown> | unknown)[] = [];

  async server(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = await NatsServer.start(options);
    this.atEnd(() => server.stop());
    return server;
  }

  client(options: NatsRegistryOptions, logger?: Logger): NatsRegistry {
    const registry = natsClient(options, logger);
    this.atEnd(() => registry.close());
    return registry;
  }

  async proxy(port: number): Promise<TcpProxy> {
    const proxy = await TcpProxy.to(port);
    this.atEnd(() => proxy.close());
    return proxy;
  }

  /** A client behind a proxy of its own, with one registered node `n1`, a watch that has seen it, and what its lease said. */
  async registered(server: NatsServer, ttlMs: number, options: NatsRegistryOptions = {}) {
    const proxy = await this.proxy(server.port);
    const registry = this.client({ ...options, servers: [proxy.endpoint] });
    const watched = this.watched(registry);
    const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: 5_000, everyMs: 10 });
    return { registry, proxy, lease, states, watched };
  }

  watched(registry: NatsRegistry, service = 'greeter'): WatchedSet {
    const watched = new WatchedSet(registry, service);
    this.atEnd(() => watched.leave());
    return watched;
  }

  /** The stock client, as another program would use it. */
  async stranger(server: NatsServer): Promise<NatsConnection> {
    const connection = await connect({ servers: [server.address] });
    this.atEnd(() => connection.close());
    return connection;
  }

  atEnd(cleanup: () => Promise<unknown> | unknown): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}
