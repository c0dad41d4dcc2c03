import type { BrokerFixtureFactory } from '@tenon/conformance';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { MemoryBroker } from '../src/memory-broker.js';
import { MemoryHub } from '../src/memory-hub.js';

/** Memory brokers over one hub for each case. */
export function memoryBrokerFixtures(): BrokerFixtureFactory {
  return {
    create: () => {
      const hub = new MemoryHub();
      const client = (): MemoryBroker => new MemoryBroker(hub, systemClock(), silentLogger());
      const clients = [client()];
      return {
        broker: clients[0]!,
        another: async () => {
          const one = client();
          clients.push(one);
          return one;
        },
        crash: async (broker) => hub.cut(broker),
        faults: { cut: async () => hub.cut(), heal: async () => hub.heal() },
        dispose: async () => {
          for (const one of clients) await one.close();
        },
      };
    },
  };
}
