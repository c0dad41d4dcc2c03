import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Clock, Logger } from '@tenon/contract';
import { type DialServer, type LinkedSession, untilAborted } from '@tenon/contract/authoring';
import { inTime } from './in-time.js';
import { natsError } from './nats-error.js';
import type { ResolvedNatsTransportOptions } from './nats-transport-options.js';
import { SocketTracker } from './socket-tracker.js';

/** One connection to one server. */
export interface Session extends LinkedSession {
  readonly connection: NatsConnection;
}

/** Dials with the stock client, whose own reconnecting stays off: it drops what was published while it dials. */
export function natsDial(
  options: ResolvedNatsTransportOptions,
  logger: Logger,
  clock: Clock,
): DialServer<Session, string> {
  return async (server, { timeoutMs, signal }) => {
    const sockets = new SocketTracker();
    const opening = sockets.run(() => connect(connectOptions(server, options, timeoutMs)));
    try {
      // The client's own timeout leaves out looking up the host name.
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
  options: ResolvedNatsTransportOptions,
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

function openSession(server: string, connection: NatsConnection, sockets: SocketTracker, logger: Logger): Session {
  sockets.bearErrors();
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
