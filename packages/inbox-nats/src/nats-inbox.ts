import { createHash } from 'node:crypto';
import type { KV, KvEntry } from '@nats-io/kv';
import {
  type Clock,
  type InboxEntry,
  type InboxMark,
  type InboxStore,
  type Lifecycle,
  type Logger,
  ServiceError,
} from '@tenon/contract';
import { orAborted } from '@tenon/contract/authoring';
import { BucketLink } from './bucket-link.js';
import { inboxError, isPassedBy } from './inbox-error.js';
import type { ResolvedNatsInboxOptions } from './nats-inbox-options.js';

/** An {@link InboxStore} in a key-value bucket. What it writes: `docs/wire/nats-inbox.md`. */
export class NatsInbox implements InboxStore, Lifecycle {
  readonly #link: BucketLink;
  readonly #bucket: string;

  constructor(options: ResolvedNatsInboxOptions, logger: Logger, clock: Clock) {
    this.#bucket = options.bucket;
    this.#link = new BucketLink(options, logger.child({ inbox: 'nats', bucket: options.bucket }), clock);
  }

  /**
   * Connects, and finds or makes the bucket. Rejects with `Unavailable` within 2 s where no server answers, `FailedPrecondition` where it
   * has no JetStream, `Canceled` on abort; call it again at any time.
   */
  async start(signal: AbortSignal): Promise<void> {
    await orAborted(signal, () => this.#link.start());
  }

  async read(key: string): Promise<InboxEntry | undefined> {
    return this.#ask('reading from', async (bucket) => {
      const entry = await bucket.get(bucketKey(key));
      return entry === null || entry.operation !== 'PUT' ? undefined : inboxEntry(entry);
    });
  }

  async write(key: string, { state, holder }: InboxMark, revision: number | undefined): Promise<number | undefined> {
    const value = `${state} ${holder}`;
    return this.#ask('writing to', (bucket) =>
      unlessPassedBy(
        revision === undefined
          ? // Also where a key was taken out, and a marker stands in its place.
            bucket.create(bucketKey(key), value)
          : bucket.put(bucketKey(key), value, { previousSeq: revision }),
      ),
    );
  }

  async remove(key: string, revision: number): Promise<boolean> {
    return this.#ask('removing from', async (bucket) => {
      const removing = bucket.delete(bucketKey(key), { previousSeq: revision }).then(() => true as const);
      return (await unlessPassedBy(removing)) === true;
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #ask<T>(doing: string, ask: (bucket: KV) => Promise<T>): Promise<T> {
    const opening = this.#link.bucket();
    const bucket = await opening;
    this.#link.assertOpen();
    try {
      return await ask(bucket);
    } catch (thrown) {
      this.#link.doubt(opening);
      this.#link.assertOpen();
      throw inboxError(thrown, `${doing} the bucket ${this.#bucket} of NATS`, { executed: 'maybe' });
    }
  }
}

async function unlessPassedBy<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (thrown) {
    if (isPassedBy(thrown)) return undefined;
    throw thrown;
  }
}

/** Keys of a bucket are a few characters of a few kinds; 32 bytes of a hash tell any two events apart. */
function bucketKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function inboxEntry(entry: KvEntry): InboxEntry {
  const [state, holder = ''] = entry.string().split(' ');
  if (state === 'held' || state === 'handled') return { state, holder, revision: entry.revision };
  const text = `the bucket ${entry.bucket} is not an inbox's: the key ${entry.key} is no mark of an event`;
  throw new ServiceError('FailedPrecondition', text, { executed: 'no' });
}
