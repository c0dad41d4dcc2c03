import { type BrokerFixtureFactory, eventually } from '@tenon/conformance';
import type { Broker } from '@tenon/contract';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import type { NatsBroker } from '../src/nats-broker.js';
import type { NatsOptions } from '../src/nats-options.js';
import { Stage } from './stage.js';

/** Brokers over a real nats-server, one for each case, in more of a hurry to be back than the defaults. */
export function natsBrokerFixtures(options: NatsOptions = {}): BrokerFixtureFactory {
  return {
    create: async () => {
      const stage = new Stage();
      const server = await stage.server({ jetStream: options.jetStream !== false });
      const clients = new Map<Broker, { readonly client: NatsBroker; readonly proxy: FaultProxy }>();
      const another = async (): Promise<NatsBroker> => {
        const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
        stage.onEnd(() => proxy.close());
        const brisk = { servers: [proxy.address], reconnect: { baseMs: 20, maxMs: 100 } };
        const client = await stage.client(server, { ...brisk, ...options });
        clients.set(client, { client, proxy });
        return client;
      };
      const noneConnected = (): void => {
        if ([...clients.values()].some(({ client }) => client.isConnected))
          throw new Error('a client is still connected');
      };
      return {
        broker: await another(),
        another,
        crash: async (broker) => {
          const proxy = clients.get(broker)?.proxy;
          proxy?.refuse();
          proxy?.reset();
        },
        faults: {
          async cut() {
            await server.kill();
            await eventually(noneConnected, { withinMs: 10_000 });
          },
          heal: () => server.restart(),
        },
        dispose: () => stage.end(),
      };
    },
  };
}
