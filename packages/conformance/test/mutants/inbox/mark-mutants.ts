import type { InboxFixture } from '@tenon/conformance';
import type { InboxEntry, InboxMark, InboxStore } from '@tenon/contract';
import type { Mutant } from '../prove-cases.js';
import { mutant } from './broken-inbox.js';

const absent = 'a key that nobody wrote has no entry';
const asWritten = 'a mark is read as it was written, by every client at once';
const notNew = 'a key that has an entry cannot be written as a new one';
const replaces = 'a write at the newest revision replaces the mark, and has a revision of its own';
const otherRevision = 'a write at any other revision changes nothing';
const newOnes = 'of many writers of a new key one wins';
const atRevision = 'of many writers at one revision one wins';
const takenOut = 'a key that was taken out is gone, and can be written as a new one';
const notTakenOut = 'nothing is taken out at another revision';
const keys = 'keys may be of any characters and any length, and none is taken for another';

/** Broken in what is written, read and taken out. */
export const markMutants: readonly Mutant<InboxFixture>[] = [
  mutant(absent, 'an absent key is one that was handled', (good) => ({
    read: async (key) => (await good.read(key)) ?? { state: 'handled', holder: '', revision: 0 },
  })),
  mutant(asWritten, 'holders are cut short', (good) => ({
    write: (key, { state, holder }, revision) => good.write(key, { state, holder: holder.slice(0, 32) }, revision),
  })),
  mutant(asWritten, 'every client has a table of its own', (good, _, client) => ({
    read: (key) => good.read(`${client} ${key}`),
    write: (key, mark, revision) => good.write(`${client} ${key}`, mark, revision),
  })),
  mutant(asWritten, 'a client sees only what it wrote itself', (good) => {
    const own = new Map<string, InboxEntry>();
    return {
      read: async (key) => own.get(key),
      write: async (key, mark, revision) => {
        const written = await good.write(key, mark, revision);
        if (written !== undefined) own.set(key, { ...mark, revision: written });
        return written;
      },
    };
  }),
  mutant(notNew, 'what was handled can be held again', (good) => ({
    write: async (key, mark, revision) => {
      const entry = revision === undefined ? await good.read(key) : undefined;
      return good.write(key, mark, entry?.state === 'handled' ? entry.revision : revision);
    },
  })),
  mutant(notNew, 'the last writer of a new key wins', (good) => ({
    write: async (key, mark, revision) => good.write(key, mark, revision ?? (await good.read(key))?.revision),
  })),
  mutant(replaces, 'the same mark again changes no revision', (good) => ({
    write: async (key, mark, revision) => {
      const entry = await good.read(key);
      const isSame = entry?.state === mark.state && entry.holder === mark.holder && entry.revision === revision;
      return isSame ? revision : good.write(key, mark, revision);
    },
  })),
  mutant(replaces, 'what was held stays held', (good) => ({
    write: (key, mark, revision) => good.write(key, { ...mark, state: 'held' }, revision),
  })),
  mutant(otherRevision, 'older revisions pass', (good) => ({
    write: async (key, mark, revision) => {
      const newest = (await good.read(key))?.revision;
      const isOlder = revision !== undefined && newest !== undefined && revision < newest;
      return good.write(key, mark, isOlder ? newest : revision);
    },
  })),
  mutant(otherRevision, 'revisions of the future pass', (good) => ({
    write: async (key, mark, revision) => {
      const newest = (await good.read(key))?.revision;
      const isLater = revision !== undefined && newest !== undefined && revision > newest + 100;
      return good.write(key, mark, isLater ? newest : revision);
    },
  })),
  mutant(otherRevision, 'a key that is not there can be written at any revision', (good) => ({
    write: async (key, mark, revision) =>
      good.write(key, mark, (await good.read(key)) === undefined ? undefined : revision),
  })),
  mutant(newOnes, 'looks first, then writes', (good) => ({
    write: (key, mark, revision) => lookedFirst(good, key, mark, revision),
  })),
  mutant(atRevision, 'looks first, then writes', (good) => ({
    write: (key, mark, revision) => lookedFirst(good, key, mark, revision),
  })),
  mutant(takenOut, 'what was taken out leaves a mark that blocks the key', (good) => {
    const gone = new Set<string>();
    return {
      remove: async (key, revision) => {
        const isGone = await good.remove(key, revision);
        if (isGone) gone.add(key);
        return isGone;
      },
      write: async (key, mark, revision) => (gone.has(key) ? undefined : good.write(key, mark, revision)),
    };
  }),
  mutant(takenOut, 'what was taken out can be written at its old revision', (good) => ({
    write: async (key, mark, revision) =>
      good.write(key, mark, (await good.read(key)) === undefined ? undefined : revision),
  })),
  mutant(takenOut, 'revisions begin anew with each key', (good) => ({
    write: async (key, mark, revision) => {
      const written = await good.write(key, mark, revision);
      return revision === undefined && written !== undefined ? 1 : written;
    },
  })),
  mutant(takenOut, 'taking out does nothing', () => ({ remove: async () => true })),
  mutant(notTakenOut, 'the revision is not looked at', (good) => ({
    remove: async (key) => good.remove(key, (await good.read(key))?.revision ?? 0),
  })),
  mutant(notTakenOut, 'what is not there was taken out', (good) => ({
    remove: async (key, revision) => (await good.remove(key, revision)) || (await good.read(key)) === undefined,
  })),
  mutant(keys, 'keys are told apart by their first 1,024 characters', (good) => ({
    read: (key) => good.read(key.slice(0, 1_024)),
    write: (key, mark, revision) => good.write(key.slice(0, 1_024), mark, revision),
  })),
  mutant(keys, 'case is ignored', (good) => ({
    read: (key) => good.read(key.toLowerCase()),
    write: (key, mark, revision) => good.write(key.toLowerCase(), mark, revision),
  })),
  mutant(keys, 'what a subject cannot have is replaced', (good) => ({
    read: (key) => good.read(key.replaceAll(/[^\w]/g, '_')),
    write: (key, mark, revision) => good.write(key.replaceAll(/[^\w]/g, '_'), mark, revision),
  })),
];

async function lookedFirst(
  good: InboxStore,
  key: string,
  mark: InboxMark,
  revision: number | undefined,
): Promise<number | undefined> {
  if ((await good.read(key))?.revision !== revision) return undefined;
  await new Promise((resolve) => setImmediate(resolve));
  return good.write(key, mark, (await good.read(key))?.revision);
}
