import { isIP } from 'node:net';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { type DialServer, inTime, untilAborted } from '@tenon/contract/authoring';
import { type RedisOptions as ClientOptions, Redis } from 'ioredis';
import type { ResolvedRedisOptions } from '../redis-options.js';
import { scripts } from '../scripts/index.js';
import type { Script } from '../scripts/script.js';
import { redisError } from './redis-error.js';
import { end, Session } from './session.js';
import { watchLife } from './watch-life.js';

/**
 * Dials with ioredis, all of whose own care is off: its queue for the time without a connection has no bound, its reconnecting sends
 * again what was under way, and it subscribes again before we know.
 */
export function redisDial(options: ResolvedRedisOptions, logger: Logger, clock: Clock): DialServer<Session, string> {
  return async (server, { timeoutMs, signal }) => {
    const clients = [0, 1].map(() => new Redis(clientOptions(server, options, timeoutMs)));
    const [commands, events] = clients as [Redis, Redis];
    const failures = clients.map(firstFailure);
    const opening = Promise.all(clients.map((client) => client.connect())).then(() => prepare(commands, options));
    try {
      // The client's own timeout ends with the TCP connection: a server that accepts and says nothing would hold us for ever.
      const hashes = await untilAborted(inTime(opening, timeoutMs, clock), signal);
      // Lost while the other was prepared: nobody would hear of it any more.
      if (clients.some((client) => client.status !== 'ready')) throw new Error('the connection ended');
      const session = new Session(server, commands, events, hashes);
      watchLife(session, options.pingIntervalMs, logger, clock);
      return session;
    } catch (thrown) {
      for (const client of clients) end(client);
      const cause = thrown instanceof ServiceError ? thrown : (failures.map((of) => of()).find(Boolean) ?? thrown);
      throw redisError(cause, `cannot connect to Redis at ${server}`, { executed: 'no' });
    }
  };
}

function clientOptions(server: string, options: ResolvedRedisOptions, timeoutMs: number): ClientOptions {
  const { host, port } = addressOf(server);
  return {
    host,
    port,
    ...options.credentials,
    // An address is no name to ask for (RFC 6066, 3).
    ...(options.tls === undefined ? {} : { tls: { ...(isIP(host) ? {} : { servername: host }), ...options.tls } }),
    connectionName: options.name,
    connectTimeout: timeoutMs,
    // Redis 7.0 does not know it, and says so.
    disableClientInfo: true,
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    keepAlive: 10_000,
    // We destroy sockets ourselves; the client waits so long, with a timer, also for one that has closed already.
    disconnectTimeout: 50,
  };
}

/** Chooses the database, where the client would go on in database 0 if it cannot be chosen, and gives the server our scripts. */
async function prepare(commands: Redis, { db }: ResolvedRedisOptions): Promise<ReadonlyMap<Script, string>> {
  if (db !== 0) await commands.select(db);
  // Written at once: the time for a dial is short, and each of these would be a round trip.
  const loading = Promise.all(
    scripts.map(
      async (script): Promise<[Script, string]> => [script, String(await commands.script('LOAD', script.text))],
    ),
  );
  const [role, hashes] = await Promise.all([commands.call('ROLE').catch(() => undefined), loading]);
  if (Array.isArray(role) && role[0] === 'slave') {
    throw new ServiceError('Unavailable', 'it is a replica, which takes no messages; name the primary', {
      executed: 'no',
    });
  }
  return new Map(hashes);
}

/** The client's own error for a dial that failed says no more than that. */
function firstFailure(client: Redis): () => Error | undefined {
  let first: Error | undefined;
  client.on('error', (error: Error) => {
    first ??= error;
  });
  return () => first;
}

/** Of a checked `host`, `host:port` or `[address]:port`. */
function addressOf(server: string): { readonly host: string; readonly port: number } {
  const match = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(server);
  return { host: (match?.[1] ?? '').replace(/^\[|\]$/g, ''), port: Number(match?.[2] ?? 6_379) };
}
