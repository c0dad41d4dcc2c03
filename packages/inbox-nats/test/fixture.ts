import type { InboxFixtureFactory } from '@tenon/conformance';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { NatsServer } from '../../../test/nats-server/nats-server.js';
import { NatsInbox } from '../src/nats-inbox.js';
import { type NatsInboxOptions, resolveNatsInboxOptions } from '../src/nats-inbox-options.js';

/** A client of a test server, not started. */
export function natsInboxOf(server: NatsServer, options: NatsInboxOptions = {}, logger = silentLogger()): NatsInbox {
  const resolved = resolveNatsInboxOptions({ servers: [server.address], ...options });
  return new NatsInbox(resolved, logger, systemClock());
}

/** Inboxes in a bucket of a real nats-server, one server for each case. */
export function natsInboxFixtures(): InboxFixtureFactory {
  return {
    create: async () => {
      const server = await NatsServer.start({ jetStream: true });
      const clients: NatsInbox[] = [];
      const another = async (): Promise<NatsInbox> => {
        const client = natsInboxOf(server);
        clients.push(client);
        await client.start(new AbortController().signal);
        return client;
      };
      return {
        store: await another(),
        another,
        faults: { cut: () => server.kill(), heal: () => server.restart() },
        dispose: async () => {
          for (const client of clients) await client.close();
          await server.stop();
        },
      };
    },
  };
}
