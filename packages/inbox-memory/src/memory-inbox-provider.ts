import { Clock, InboxStore, type Provider, provide, ServiceError } from '@tenon/contract';
import { MemoryInbox } from './memory-inbox.js';
import {
  MemoryInboxStore,
  type MemoryInboxStoreOptions,
  resolveMemoryInboxStoreOptions,
} from './memory-inbox-store.js';

/** How a memory inbox is made. All fields are optional. */
export interface MemoryInboxOptions extends MemoryInboxStoreOptions {
  /**
   * The back end, for applications of one process that share a queue; it brings its own `keepMs` and `maxEntries`. Default: one of its
   * own for each application.
   */
  readonly store?: MemoryInboxStore | undefined;
}

/**
 * The store of an inbox in the memory of this process: for tests, and for queues whose members all run in one process. What was handled is
 * forgotten with the process.
 *
 * @throws ServiceError `InvalidArgument` that names the option.
 *
 * @example
 * const app = await createApp({ services: [Mails], modules: [inbox(), memoryInbox()] });
 */
export function memoryInbox(options: MemoryInboxOptions = {}): Provider<InboxStore> {
  const { store, keepMs, maxEntries } = options;
  if (store !== undefined && (keepMs !== undefined || maxEntries !== undefined)) {
    const text = 'memoryInbox.store brings its own keepMs and maxEntries: give them to new MemoryInboxStore({ … })';
    throw new ServiceError('InvalidArgument', text, { executed: 'no' });
  }
  const resolved = resolveMemoryInboxStoreOptions({ keepMs, maxEntries });
  return provide(InboxStore, [Clock], (clock) => new MemoryInbox(store ?? new MemoryInboxStore(resolved), clock));
}
