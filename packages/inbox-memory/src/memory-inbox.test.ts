import type { InboxMark, InboxStore, Provider } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { memoryInbox } from './memory-inbox-provider.js';
import { MemoryInboxStore, type MemoryInboxStoreOptions } from './memory-inbox-store.js';

const held: InboxMark = { state: 'held', holder: 'a' };
const handled: InboxMark = { state: 'handled', holder: 'a' };

function setUp(options: MemoryInboxStoreOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryInboxStore(options);
  const client = (): InboxStore =>
    (memoryInbox({ store }) as Provider<InboxStore> & { create: (clock: FakeClock) => InboxStore }).create(clock);
  return { clock, store, inbox: client(), client };
}

describe('a memory inbox', () => {
  test('forgets what was handled after keepMs, counted from the last write, and leaves no timer', async () => {
    const { clock, store, inbox } = setUp({ keepMs: 1_000 });
    const revision = await inbox.write('1', held, undefined);
    await clock.advance(900);
    await inbox.write('1', handled, revision);
    await clock.advance(999);
    expect(await inbox.read('1')).toMatchObject(handled);
    await clock.advance(1);
    expect(await inbox.read('1')).toBeUndefined();
    expect(await inbox.write('2', held, undefined)).toBeDefined();
    expect([store.size, clock.pending]).toEqual([1, 0]);
    expect(await inbox.write('1', held, undefined)).toBeDefined();
  });

  test('never forgets what is held, however long', async () => {
    const { clock, inbox } = setUp({ keepMs: 1_000 });
    await inbox.write('1', held, undefined);
    await clock.advance(1_000_000);
    expect(await inbox.write('1', held, undefined)).toBeUndefined();
    expect(await inbox.read('1')).toMatchObject(held);
  });

  test('over maxEntries forgets what was handled longest ago, and nothing that is held', async () => {
    const { store, inbox } = setUp({ maxEntries: 3 });
    await inbox.write('held', held, undefined);
    const first = await inbox.write('first', handled, undefined);
    await inbox.write('second', handled, undefined);
    await inbox.write('first', handled, first);
    await inbox.write('third', held, undefined);
    expect(await inbox.read('second')).toBeUndefined();
    expect(await inbox.read('first')).toMatchObject(handled);
    expect(await inbox.read('held')).toMatchObject(held);
    expect(store.size).toBe(3);
  });

  test('full of held events refuses further ones with the bound, and still takes what becomes of those', async () => {
    const { inbox } = setUp({ maxEntries: 1 });
    const revision = await inbox.write('1', held, undefined);
    await expect(inbox.write('2', held, undefined)).rejects.toMatchObject({
      code: 'ResourceExhausted',
      rawMessage: '1 events are held already, as many as memoryInbox.maxEntries says',
    });
    await inbox.write('1', handled, revision);
    expect(await inbox.write('2', held, undefined)).toBeDefined();
  });

  test('shares its store with others of the process, and is closed alone', async () => {
    const { inbox, client } = setUp();
    const other = client();
    await inbox.write('1', handled, undefined);
    await inbox.close();
    expect(await other.read('1')).toMatchObject(handled);
  });

  test.each([
    [{ keepMs: 999 }, 'memoryInbox.keepMs'],
    [{ keepMs: 30 * 86_400_000 + 1 }, 'memoryInbox.keepMs'],
    [{ maxEntries: 0 }, 'memoryInbox.maxEntries'],
    [{ maxEntries: 1.5 }, 'memoryInbox.maxEntries'],
    [{ store: new MemoryInboxStore(), keepMs: 5_000 }, 'memoryInbox.store'],
  ])('refuses %j by name', (options, name) => {
    expect(() => memoryInbox(options)).toThrow(name);
  });
});
