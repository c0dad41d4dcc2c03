import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Clock, ServiceError } from '@tenon/contract';
import { orAborted } from '@tenon/contract/authoring';
import { natsError } from './nats-error.js';
import type { ResolvedNatsInboxOptions } from './nats-inbox-options.js';
import { SocketTracker } from './socket-tracker.js';

/** One connection to one server, from the moment it works until it is lost or closed. It never reconnects. */
export interface Session {
  readonly server: string;
  readonly connection: NatsConnection;
  /** Resolves when the connection has ended, for whichever reason; never rejects. */
  readonly ended: Promise<void>;
  /** Ends it and frees its socket, also where nobody answers at its other end. Twice is fine. */
  close(): Promise<void>;
}

/**
 * Connects to one of the servers, tried in random order, each with its share of `connectTimeoutMs`. Rejects with `Unavailable`,
 * `Unauthenticated` or, on abort, `Canceled`, and leaves nothing open.
 */
export async function dialAny(options: ResolvedNatsInboxOptions, clock: Clock, signal: AbortSignal): Promise<Session> {
  const servers = shuffled(options.servers);
  const end = clock.now() + options.connectTimeoutMs;
  let refusal: unknown;
  for (const [index, server] of servers.entries()) {
    const timeoutMs = Math.max(1, Math.floor((end - clock.now()) / (servers.length - index)));
    try {
      return await dial(server, options, timeoutMs, clock, signal);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      refusal = thrown;
    }
  }
  throw refusal;
}

async function dial(
  server: string,
  options: ResolvedNatsInboxOptions,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Session> {
  const sockets = new SocketTracker();
  const opening = sockets.run(() =>
    connect({
      servers: [server],
      ...options.credentials,
      ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
      name: 'tenon inbox',
      timeout: timeoutMs,
      pingInterval: options.pingIntervalMs,
      maxPingOut: 2,
      // A new connection is made when something is asked next: what was asked over this one is answered with `Unavailable`.
      reconnect: false,
      // Addresses that a server announces may be anything: we go where we were told to.
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
    }),
  );
  try {
    const connection = await orAborted(signal, () => inTime(opening, timeoutMs, clock));
    sockets.bearErrors();
    void destroyWhenStale(connection, sockets);
    return {
      server,
      connection,
      ended: connection.closed().then(() => sockets.destroy()),
      async close() {
        // First, because a connection whose server stopped reading does not end by itself. Nothing unanswered is worth waiting for.
        sockets.destroy();
        await connection.close();
      },
    };
  } catch (thrown) {
    sockets.destroy();
    opening.then(
      (late) => late.close(),
      () => {},
    );
    throw natsError(thrown, `cannot connect to NATS at ${server}`, { executed: 'no' });
  }
}

/** The client's own timeout leaves out looking up the host name. */
async function inTime<T>(promise: Promise<T>, timeoutMs: number, clock: Clock): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(timeoutMs, () => {
      reject(new ServiceError('Unavailable', `no answer within ${timeoutMs} ms`, { executed: 'no' }));
    });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** The client does not close a connection whose server stopped reading before the last byte is written, which is never. */
async function destroyWhenStale(connection: NatsConnection, sockets: SocketTracker): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'staleConnection') sockets.destroy();
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, rank: Math.random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}
