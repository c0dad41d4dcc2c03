import type { InboxFixtureFactory } from '@tenon/conformance';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryInbox } from '../src/memory-inbox.js';
import { MemoryInboxStore } from '../src/memory-inbox-store.js';

/** Memory inboxes over one store for each case. */
export function memoryInboxFixtures(): InboxFixtureFactory {
  return {
    create: () => {
      const store = new MemoryInboxStore();
      const clients: MemoryInbox[] = [];
      const another = async (): Promise<MemoryInbox> => {
        const client = new MemoryInbox(store, systemClock());
        clients.push(client);
        return client;
      };
      return another().then((first) => ({
        store: first,
        another,
        faults: { cut: async () => store.cut(), heal: async () => store.heal() },
        dispose: async () => {
          for (const client of clients) await client.close();
        },
      }));
    },
  };
}
