import { type BrokerFixtureFactory, eventually } from '@tenon/conformance';
import type { Broker } from '@tenon/contract';
import type { FaultProxy } from '@tenon/testing/fault-proxy';
import type { RabbitmqBroker } from '../src/rabbitmq-broker.js';
import type { RabbitmqOptions } from '../src/rabbitmq-options.js';
import type { RabbitmqServer } from './rabbitmq-server.js';
import { Stage } from './stage.js';

/**
 * Brokers over one real server, each case with exchanges of its own. The back end is lost by cutting every connection to it, because a
 * start takes the server many seconds; `server-restart.test.ts` kills it.
 */
export function rabbitmqBrokerFixtures(server: () => RabbitmqServer, options: RabbitmqOptions): BrokerFixtureFactory {
  return {
    create: async () => {
      const stage = new Stage();
      const clients = new Map<Broker, { readonly broker: RabbitmqBroker; readonly proxy: FaultProxy }>();
      const another = async (): Promise<RabbitmqBroker> => {
        const client = await stage.cuttable(server(), options);
        clients.set(client.broker, client);
        return client.broker;
      };
      const noneConnected = (): void => {
        if ([...clients.values()].some(({ broker }) => broker.isConnected))
          throw new Error('a client is still connected');
      };
      const cut = (proxy: FaultProxy | undefined): void => {
        proxy?.refuse();
        proxy?.reset();
      };
      return {
        broker: await another(),
        another,
        crash: async (broker) => cut(clients.get(broker)?.proxy),
        faults: {
          async cut() {
            for (const { proxy } of clients.values()) cut(proxy);
            await eventually(noneConnected, { withinMs: 10_000 });
          },
          async heal() {
            await Promise.all([...clients.values()].map(({ proxy }) => proxy.heal()));
          },
        },
        dispose: () => stage.end(),
      };
    },
  };
}
