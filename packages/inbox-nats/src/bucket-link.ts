import type { KV } from '@nats-io/kv';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { dialAny } from '@tenon/contract/authoring';
import { type NatsSession, natsDial } from '@tenon/nats';
import { openBucket } from './bucket.js';
import type { ResolvedNatsInboxOptions } from './nats-inbox-options.js';

/**
 * The way to the bucket: connects when somebody asks and there is no connection. One that was lost is made anew by the next question, at
 * most one attempt at a time and four in a second; nothing runs in between.
 */
export class BucketLink {
  readonly #options: ResolvedNatsInboxOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #session: NatsSession | undefined;
  #opening: Promise<KV> | undefined;
  #refusal: { readonly reason: unknown; readonly at: number } | undefined;

  constructor(options: ResolvedNatsInboxOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The bucket, shared by all who ask meanwhile. Rejects with why there is none: at once, where that was found out just before. */
  bucket(): Promise<KV> {
    this.assertOpen();
    if (this.#opening !== undefined) return this.#opening;
    const { reason, at } = this.#refusal ?? { reason: undefined, at: Number.NEGATIVE_INFINITY };
    return this.#clock.now() - at < askAgainMs ? Promise.reject(reason) : this.#open();
  }

  /** Asks the server again, however lately it refused. */
  async start(): Promise<void> {
    this.assertOpen();
    await (this.#opening ?? this.#open());
  }

  /** Something failed: the bucket may be gone, or the server silent. It is looked up, and made, when something is asked next. */
  doubt(opening: Promise<KV>): void {
    if (this.#opening === opening) this.#opening = undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // First, because whoever asks is answered by that.
    if (this.#session !== undefined) await end(this.#session);
    await this.#opening?.catch(() => {});
  }

  assertOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new ServiceError('FailedPrecondition', 'the NATS inbox was closed', { executed: 'no' });
  }

  #open(): Promise<KV> {
    const opening = this.#connect();
    this.#opening = opening;
    opening.catch((reason: unknown) => {
      this.#refusal = { reason, at: this.#clock.now() };
      this.doubt(opening);
    });
    return opening;
  }

  async #connect(): Promise<KV> {
    const session = this.#session ?? (await this.#dial());
    try {
      return await openBucket(session, this.#options, this.#logger);
    } catch (thrown) {
      // The next attempt may find another server.
      await end(session);
      this.assertOpen();
      throw thrown;
    }
  }

  async #dial(): Promise<NatsSession> {
    const { servers, connectTimeoutMs: timeoutMs } = this.#options;
    const { signal } = this.#closing;
    const dial = natsDial({ ...this.#options, name: 'tenon inbox' }, this.#clock);
    const session = await dialAny(dial, servers, { timeoutMs, signal }, this.#clock).catch((thrown: unknown) => {
      this.assertOpen();
      throw thrown;
    });
    if (signal.aborted) {
      await end(session);
      this.assertOpen();
    }
    this.#session = session;
    const { server } = session;
    this.#logger.info('the inbox is connected with NATS', { server });
    void session.ended.then(() => {
      this.#session = undefined;
      this.#opening = undefined;
      if (signal.aborted) return;
      this.#logger.warn('the inbox lost its connection with NATS; it connects again when it is asked', { server });
    });
    return session;
  }
}

/** At once: nothing that is not answered yet is worth waiting for. */
function end(session: NatsSession): Promise<void> {
  session.drop();
  return session.close();
}

/** Between a refusal and the next attempt. */
const askAgainMs = 250;
