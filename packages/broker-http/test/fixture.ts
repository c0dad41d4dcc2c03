import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrokerFixtureFactory, eventually } from '@tenon/conformance';
import type { Broker, Registry } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { MemoryRegistryStore } from '@tenon/registry-memory';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { HttpBroker } from '../src/http-broker.js';
import { type HttpBrokerOptions, resolveHttpBrokerOptions } from '../src/http-broker-options.js';
import { behind, registryOver } from './registries.js';

/** HTTP brokers over one memory registry for each case, each behind a proxy that can cut it off. */
export function httpBrokerFixtures(given: { readonly hasSpool: boolean }): BrokerFixtureFactory {
  return {
    create: async () => {
      const store = new MemoryRegistryStore();
      const folder = given.hasSpool ? await mkdtemp(join(tmpdir(), 'tenon-spool-')) : undefined;
      const clients = new Map<Broker, Client>();
      const another = async (): Promise<Broker> => {
        const spool = folder === undefined ? {} : { spool: join(folder, String(clients.size)) };
        const client = await openClient(store, spool);
        clients.set(client.broker, client);
        return client.broker;
      };
      const all = (): readonly Client[] => [...clients.values()];
      return {
        broker: await another(),
        another,
        crash: async (broker) => {
          const client = clients.get(broker);
          client?.proxy.refuse();
          client?.proxy.reset();
          if (client !== undefined) store.cut(client.registry);
        },
        faults: {
          async cut() {
            store.cut();
            for (const { proxy } of all()) {
              proxy.refuse();
              proxy.reset();
            }
            await eventually(
              () => {
                if (all().some(({ proxy }) => proxy.counts.open > 0)) throw new Error('a connection is still open');
              },
              { withinMs: 10_000 },
            );
          },
          async heal() {
            for (const { proxy } of all()) await proxy.heal();
            store.heal();
          },
        },
        dispose: async () => {
          for (const { broker, registry, proxy } of all()) {
            await broker.close();
            store.heal(registry);
            await registry.close();
            await proxy.close();
          }
          // What a crash left there.
          store.clear();
          if (folder !== undefined) await rm(folder, { recursive: true });
        },
      };
    },
  };
}

interface Client {
  readonly broker: HttpBroker;
  readonly registry: Registry;
  readonly proxy: FaultProxy;
}

async function openClient(store: MemoryRegistryStore, options: HttpBrokerOptions): Promise<Client> {
  const proxy = await FaultProxy.start({ host: '127.0.0.1', port: 9 });
  const registry = registryOver(store);
  const parts = { registry: behind(proxy, registry), clock: systemClock(), logger: silentLogger(), tls: undefined };
  const broker = new HttpBroker(resolveHttpBrokerOptions(options), parts);
  await broker.start(new AbortController().signal);
  return { broker, registry, proxy };
}
