import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { natsError } from './nats-error.js';
import type { ResolvedNatsOptions } from './nats-options.js';
import { SocketTracker } from './socket-tracker.js';
import { untilAborted } from './until-aborted.js';

/** One connection to one server, from the moment it works until it is lost or closed. It never reconnects. */
export interface Session {
  readonly server: string;
  readonly connection: NatsConnection;
  /** Resolves when the connection has ended, for whichever reason; never rejects. */
  readonly ended: Promise<void>;
  /** Ends it and frees its socket. What was handed over and not written yet is lost. Twice is fine. */
  close(): Promise<void>;
}

/** How long a dial may take, and who may call it off. */
export interface DialLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Opens a session, or rejects with `Unavailable`, `Unauthenticated` or `Canceled` and leaves nothing open. */
export type Dial = (server: string, limits: DialLimits) => Promise<Session>;

/** Dials with the stock client, whose own reconnecting stays off: it drops what was published while it dials. */
export function natsDial(options: ResolvedNatsOptions, logger: Logger, clock: Clock): Dial {
  return async (server, { timeoutMs, signal }) => {
    const sockets = new SocketTracker();
    const opening = sockets.run(() => connect(connectOptions(server, options, timeoutMs)));
    try {
      const connection = await untilAborted(inTime(opening, timeoutMs, clock), signal);
      return openSession(server, connection, sockets, logger);
    } catch (failure) {
      sockets.destroy();
      opening.then(
        (late) => late.close(),
        () => {},
      );
      throw natsError(failure, `cannot connect to NATS at ${server}`, { executed: 'no' });
    }
  };
}

function connectOptions(
  server: string,
  options: ResolvedNatsOptions,
  timeoutMs: number,
): Parameters<typeof connect>[0] {
  return {
    servers: [server],
    ...options.credentials,
    ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
    name: options.name,
    timeout: timeoutMs,
    pingInterval: options.pingIntervalMs,
    maxPingOut: 2,
    reconnect: false,
    // Addresses that a server announces may be anything: we go where we were told to.
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  };
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

function openSession(server: string, connection: NatsConnection, sockets: SocketTracker, logger: Logger): Session {
  sockets.endWithPeer();
  void watchStatus(server, connection, sockets, logger);
  return {
    server,
    connection,
    ended: connection.closed().then(() => sockets.destroy()),
    async close() {
      await connection.close();
      sockets.destroy();
    },
  };
}

/** Reads what the client has to tell, until the connection ends. */
async function watchStatus(
  server: string,
  connection: NatsConnection,
  sockets: SocketTracker,
  logger: Logger,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'staleConnection') {
      logger.warn('NATS does not answer', { server });
      sockets.destroy();
    } else if (status.type === 'error') {
      logger.warn('NATS reports an error', { server, error: status.error.message });
    }
  }
}
