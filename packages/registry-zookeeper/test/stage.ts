import { once } from 'node:events';
import { eventually, recordOf, TcpProxy, WatchedSet } from '@tenon/conformance';
import type { LeaseState, Logger } from '@tenon/contract';
import { type Client, createClient } from 'node-zookeeper-client';
import { expect } from 'vitest';
import type { ZookeeperOptions } from '../src/zookeeper-options.js';
import type { ZookeeperRegistry } from '../src/zookeeper-registry.js';
import { zookeeperClient } from './fixture.js';
import { ZookeeperServer } from './zookeeper-server.js';

/** What a test started, and its end. */
export class Stage {
  readonly #cleanups: (() => Promise<unknown> | unknown)[] = [];

  async server(): Promise<ZookeeperServer> {
    const server = await ZookeeperServer.start();
    this.atEnd(() => server.dispose());
    return server;
  }

  client(options: ZookeeperOptions, logger?: Logger): ZookeeperRegistry {
    const registry = zookeeperClient(options, logger);
    this.atEnd(() => registry.close());
    return registry;
  }

  /** A client behind a proxy of its own, with one registered node `n1`, a watch that has seen it, and what its lease said. */
  async registered(server: ZookeeperServer, ttlMs: number, options: ZookeeperOptions = {}) {
    const proxy = await this.proxy(server.port);
    const registry = this.client({ ...options, endpoints: [proxy.endpoint] });
    const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs });
    const states: LeaseState[] = [];
    lease.onChange((state) => states.push(state));
    const watched = this.watched(registry);
    await eventually(() => expect(watched.ids).toEqual(['n1']), { withinMs: 5_000, everyMs: 10 });
    return { registry, proxy, lease, states, watched };
  }

  async proxy(port: number): Promise<TcpProxy> {
    const proxy = await TcpProxy.to(port);
    this.atEnd(() => proxy.close());
    return proxy;
  }

  watched(registry: ZookeeperRegistry, service = 'greeter'): WatchedSet {
    const watched = new WatchedSet(registry, service);
    this.atEnd(() => watched.leave());
    return watched;
  }

  /** The stock client, as another program would use it. */
  async stranger(server: ZookeeperServer): Promise<Client> {
    const client = createClient(server.endpoint, { sessionTimeout: 20_000 });
    this.atEnd(() => client.close());
    client.connect();
    await once(client, 'connected');
    return client;
  }

  atEnd(cleanup: () => Promise<unknown> | unknown): void {
    this.#cleanups.push(cleanup);
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}

/** Puts a node that stays, with those above it, as go-micro does. */
export function put(client: Client, path: string, value: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.mkdirp(path.slice(0, path.lastIndexOf('/')), (failure) => {
      if (failure) return reject(failure);
      client.create(path, Buffer.from(value), (error) => (error ? reject(error) : resolve()));
    });
  });
}

/** The value and the stat of a node. */
export function read(client: Client, path: string): Promise<{ readonly text: string; readonly isEphemeral: boolean }> {
  return new Promise((resolve, reject) => {
    client.getData(path, (error, data, stat) => {
      if (error) reject(error);
      else resolve({ text: data.toString(), isEphemeral: stat.ephemeralOwner.some((byte) => byte !== 0) });
    });
  });
}
