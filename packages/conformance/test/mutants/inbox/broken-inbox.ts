import type { InboxFixture, InboxFixtureFactory } from '@tenon/conformance';
import type { Clock, InboxStore } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryInboxStore, memoryInbox } from '@tenon/inbox-memory';
import type { Mutant } from '../prove-cases.js';

/** Which methods of a good store are replaced, and by what; `client` counts the clients of the fixture from 0. */
export type Break = (good: InboxStore, table: MemoryInboxStore, client: number) => Partial<InboxStore>;

/** A store that is good but for one thing. */
export function mutant(caughtBy: string, fault: string, breaks: Break): Mutant<InboxFixture> {
  return { caughtBy, fault, fixtures: brokenInboxes(breaks) };
}

/** Memory inboxes with some methods replaced. */
export function brokenInboxes(breaks: Break = () => ({})): InboxFixtureFactory {
  return {
    create: () => {
      const table = new MemoryInboxStore();
      const goods: InboxStore[] = [];
      const client = (): InboxStore => {
        const good = (memoryInbox({ store: table }).create as (clock: Clock) => InboxStore)(systemClock());
        goods.push(good);
        return Object.assign(delegating(good), breaks(good, table, goods.length - 1));
      };
      return {
        store: client(),
        another: async () => client(),
        faults: { cut: async () => table.cut(), heal: async () => table.heal() },
        dispose: async () => {
          for (const good of goods) await good.close();
        },
      };
    },
  };
}

function delegating(good: InboxStore): InboxStore {
  return {
    read: (key) => good.read(key),
    write: (key, mark, revision) => good.write(key, mark, revision),
    remove: (key, revision) => good.remove(key, revision),
    close: () => good.close(),
  };
}
