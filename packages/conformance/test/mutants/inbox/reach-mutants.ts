import type { InboxFixture } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { mutant } from './broken-inbox.js';

const unavailable = 'while the back end is lost every method rejects with Unavailable';
const again = 'a store works again by itself when the back end is back, and knows what it knew';
const closing = 'closing while the back end is lost resolves';
const closed = 'after close every method rejects with FailedPrecondition, closing again is fine, and others work on';

/** Broken in losing the back end, finding it again, and the end. */
export const reachMutants: readonly Mutant<InboxFixture>[] = [
  mutant(unavailable, 'a lost back end knows nothing', (good) => ({
    read: (key) => good.read(key).catch(() => undefined),
  })),
  mutant(unavailable, 'a write to a lost back end is refused as one that came too late', (good) => ({
    write: (key, mark, revision) => good.write(key, mark, revision).catch(() => undefined),
  })),
  mutant(unavailable, 'removing from a lost back end is Internal', (good) => ({
    remove: (key, revision) =>
      good.remove(key, revision).catch((failure: unknown) => {
        throw new ServiceError('Internal', 'disconnected', { cause: failure });
      }),
  })),
  mutant(unavailable, 'a question to a lost back end is never answered', (good) => ({
    read: (key) => good.read(key).catch(() => new Promise<never>(() => {})),
  })),
  mutant(again, 'what failed once fails for ever', (good) => {
    let failure: unknown;
    return {
      read: async (key) => {
        if (failure !== undefined) throw failure;
        return good.read(key).catch((thrown: unknown) => {
          failure = thrown;
          throw thrown;
        });
      },
    };
  }),
  mutant(again, 'an outage makes it forget', (good) => {
    let forgets = false;
    return {
      read: (key) =>
        good.read(key).catch((thrown: unknown) => {
          forgets = true;
          throw thrown;
        }),
      write: async (key, mark, revision) =>
        good.write(key, mark, forgets ? (await good.read(key))?.revision : revision),
    };
  }),
  mutant(closing, 'closing waits for the back end', (good, table) => ({
    close: async () => {
      if (table.isCut) await new Promise<never>(() => {});
      await good.close();
    },
  })),
  mutant(closed, 'a closed store still answers', () => ({ close: async () => {} })),
  mutant(closed, 'closing twice is an error', (good) => {
    let isClosed = false;
    return {
      close: async () => {
        if (isClosed) throw new ServiceError('FailedPrecondition', 'closed already');
        isClosed = true;
        await good.close();
      },
    };
  }),
  mutant(closed, 'closing one client cuts off all', (good, table) => ({
    close: async () => {
      await good.close();
      table.cut();
    },
  })),
];
