import type { Logger } from '@tenon/contract';
import type { Redis } from 'ioredis';
import { redisError } from '../link/redis-error.js';
import type { Session } from '../link/session.js';

/** Runs inside the client's parser: it must not throw. Bytes are shared with other listeners. */
export type Listener = (payload: Buffer) => void;

/**
 * Who listens to which channel, or to all that a glob stands for. Each is subscribed to once per connection, however many listen, and again
 * with each connection.
 */
export class Channels {
  readonly #logger: Logger;
  readonly #listeners = new Map<string, Set<Listener>>();
  #session: Session | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Resolves when the server lets us listen; without a session at once: it is made good with the next. */
  async listen(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    if (this.#session !== undefined) await subscribe(this.#session.events, channel);
  }

  /** The listener hears no more. */
  unlisten(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel);
    if (listeners === undefined || !listeners.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    if (this.#session?.isOpen !== true) return;
    const { events } = this.#session;
    const ending = isGlob(channel) ? events.punsubscribe(channel) : events.unsubscribe(channel);
    // Lost with its connection, it has ended too.
    ending.catch(() => {});
  }

  /** Goes on with a new session. */
  connected(session: Session): void {
    this.#session = session;
    const { events } = session;
    events.on('messageBuffer', (channel: Buffer, payload: Buffer) => this.#heard(String(channel), payload));
    events.on('pmessageBuffer', (glob: Buffer | string, _channel: Buffer, payload: Buffer) => {
      this.#heard(String(glob), payload);
    });
    for (const channel of this.#listeners.keys()) {
      subscribe(events, channel).catch((error: unknown) => {
        if (session.isOpen) this.#logger.error('Redis does not let us listen', { channel, error });
      });
    }
  }

  disconnected(): void {
    this.#session = undefined;
  }

  #heard(channel: string, payload: Buffer): void {
    const listeners = this.#listeners.get(channel);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) listener(payload);
  }
}

async function subscribe(events: Redis, channel: string): Promise<void> {
  try {
    await (isGlob(channel) ? events.psubscribe(channel) : events.subscribe(channel));
  } catch (thrown) {
    throw redisError(thrown, `Redis refused the subscription to ${channel}`, { executed: 'no' });
  }
}

/** Neither topics nor prefixes nor ids have one. */
function isGlob(channel: string): boolean {
  return channel.includes('*');
}
