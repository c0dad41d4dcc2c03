import { expect, test, vi } from 'vitest';
import {
  createApp,
  Event,
  InboxStore,
  inbox,
  MemoryInboxStore,
  type Module,
  memoryInbox,
  provide,
  Service,
  ServiceError,
  Subscribe,
  wrapped,
} from '../src/index.js';

@Event('order.placed', { delivery: 'atLeastOnce' })
class OrderPlaced {}

@Service('mails')
class Mails {
  readonly confirmed: string[] = [];

  @Subscribe(OrderPlaced, { queue: 'mails' })
  async confirm(): Promise<void> {
    this.confirmed.push('a mail');
  }
}

const appOf = (...modules: readonly Module[]) =>
  createApp({ services: [Mails], profile: 'test', modules, log: { level: 'silent' } });

test('an event that comes again has no second effect, as soon as an inbox and its store are bound', async () => {
  const store = new MemoryInboxStore();
  const app = await appOf(inbox(), memoryInbox({ store }));
  await app.start();
  for (const id of ['e-1', 'e-1', 'e-2', 'e-1']) await app.publisher(OrderPlaced).publish({}, { id });
  await vi.waitFor(() => expect(store.size).toBe(2));
  await app.drain();
  expect(app.get(Mails).confirmed).toEqual(['a mail', 'a mail']);
  expect(store.size).toBe(2);
});

test('the store starts before the first event, and is closed after the last', async () => {
  const life: string[] = [];
  const watched = wrapped(memoryInbox(), (good) => ({
    start: async () => void life.push('started'),
    read: (key) => good.read(key),
    write: (key, mark, revision) => {
      life.push(mark.state);
      return good.write(key, mark, revision);
    },
    remove: (key, revision) => good.remove(key, revision),
    close: async () => {
      life.push('closed');
      await good.close();
    },
  }));
  const app = await appOf(inbox(), watched);
  await app.start();
  await app.publisher(OrderPlaced).publish({});
  await vi.waitFor(() => expect(life).toContain('handled'));
  await app.drain();
  expect(life).toEqual(['started', 'held', 'handled', 'closed']);
});

test('a store that refuses to start fails the start, by name', async () => {
  class LockedStore {
    start = (): Promise<void> => Promise.reject(new ServiceError('PermissionDenied', 'no bucket for you'));
    read = async () => undefined;
    write = async () => undefined;
    remove = async () => false;
    close = async () => {};
  }
  const app = await appOf(
    inbox(),
    provide(InboxStore, [], () => new LockedStore()),
  );
  await expect(app.start()).rejects.toThrow('starting LockedStore failed: no bucket for you');
});

test('an inbox without a store is refused, and says what to bind', async () => {
  await expect(appOf(inbox())).rejects.toThrow(
    'the provider of Interceptor needs InboxStore, and nothing is bound to it: install a package named @tenon/inbox-… and add its provider to modules',
  );
});
