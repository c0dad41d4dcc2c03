import type { BrokerFixtureFactory } from '@tenon/conformance';
import { MemoryBroker } from '../src/memory-broker.js';
import { MemoryHub } from '../src/memory-hub.js';

/** Memory brokers over one hub for each case. */
export function memoryBrokerFixtures(): BrokerFixtureFactory {
  return {
    create: () => {
      const hub = new MemoryHub();
      const clients = [new MemoryBroker(hub)];
      return {
        broker: clients[0]!,
        another: async () => {
          const client = new MemoryBroker(hub);
          clients.push(client);
          return client;
        },
        faults: { cut: async () => hub.cut(), heal: async () => hub.heal() },
        dispose: async () => {
          for (const client of clients) await client.close();
        },
      };
    },
  };
}
