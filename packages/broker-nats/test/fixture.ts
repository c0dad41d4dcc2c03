import { type BrokerFixtureFactory, eventually } from '@tenon/conformance';
import type { NatsBroker } from '../src/nats-broker.js';
import type { NatsOptions } from '../src/nats-options.js';
import { Stage } from './stage.js';

/** Brokers over a real nats-server, one for each case, in more of a hurry to be back than the defaults. */
export function natsBrokerFixtures(options: NatsOptions = {}): BrokerFixtureFactory {
  return {
    create: async () => {
      const stage = new Stage();
      const server = await stage.server();
      const clients: NatsBroker[] = [];
      const another = async (): Promise<NatsBroker> => {
        const client = await stage.client(server, { reconnect: { baseMs: 20, maxMs: 100 }, ...options });
        clients.push(client);
        return client;
      };
      const noneConnected = (): void => {
        if (clients.some((client) => client.isConnected)) throw new Error('a client is still connected');
      };
      return {
        broker: await another(),
        another,
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
