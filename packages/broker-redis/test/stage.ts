import type { Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { Redis } from 'ioredis';
import { RedisBroker } from '../src/redis-broker.js';
import { type RedisOptions, resolveRedisOptions } from '../src/redis-options.js';
import { RedisServer } from './redis-server.js';

/** The servers and brokers of one test, which end with it, the last made first. */
export class Stage {
  readonly #endings: (() => Promise<unknown>)[] = [];

  async server(args: readonly string[] = []): Promise<RedisServer> {
    const server = await RedisServer.start(args);
    this.onEnd(() => server.stop());
    return server;
  }

  /** A broker that has not been started. */
  broker(options: RedisOptions, logger: Logger = silentLogger()): RedisBroker {
    const broker = new RedisBroker(resolveRedisOptions(options), logger, systemClock());
    this.onEnd(() => broker.close());
    return broker;
  }

  /** A broker that is connected to a server. */
  async client(server: RedisServer, options: RedisOptions = {}, logger?: Logger): Promise<RedisBroker> {
    const broker = this.broker({ servers: [server.address], ...options }, logger);
    await broker.start(never);
    return broker;
  }

  /** Whoever looks at the server itself, or does to it what strangers do. */
  async stranger(server: RedisServer): Promise<Redis> {
    const client = new Redis({ port: server.port, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    await client.connect();
    this.onEnd(async () => client.disconnect());
    return client;
  }

  onEnd(ending: () => Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
  }
}

/** A signal that is not going to be aborted. */
export const never: AbortSignal = new AbortController().signal;
