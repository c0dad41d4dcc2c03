import { connect, type NatsConnection, type Status } from '@nats-io/transport-node';
import type { Clock, Logger } from '@tenon/contract';
import { type DialServer, inTime, type LinkedSession, untilAborted } from '@tenon/contract/authoring';
import { natsError } from './nats-error.js';
import type { ResolvedNatsConnection } from './options/nats-connection-options.js';
import { SocketTracker } from './socket-tracker.js';

/** How a connection is made, and under which name the server lists it. */
export type NatsDialSettings = Pick<ResolvedNatsConnection, 'credentials' | 'tls' | 'pingIntervalMs'> & {
  readonly name: string;
};

/** One connection to one server. */
export interface NatsSession extends LinkedSession {
  readonly connection: NatsConnection;
  /** Writes what was handed over, ends it and frees its socket. Waits for a server that does not read: see {@link drop}. */
  close(): Promise<void>;
  /** Ends it at once, also where nobody answers at its other end. What was not written yet is lost. */
  drop(): void;
}

/** Told what the client reports about a connection, until that ends. */
export type StatusReport = (status: Status, server: string) => void;

/**
 * Dials with the stock client, whose own reconnecting stays off: what was published while it dials would be lost, or said when it may no
 * longer be true. A connection whose server does not answer its pings is reported, and dropped.
 */
export function natsDial(
  settings: NatsDialSettings,
  clock: Clock,
  report: StatusReport = () => {},
): DialServer<NatsSession, string> {
  return async (server, { timeoutMs, signal }) => {
    const sockets = new SocketTracker();
    const opening = sockets.run(() => connect(clientOptions(server, settings, timeoutMs)));
    try {
      // The client's own timeout leaves out looking up the host name.
      const connection = await untilAborted(inTime(opening, timeoutMs, clock), signal);
      return openSession(server, connection, sockets, report);
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

/** Logs that a server does not answer, and what it refuses. */
export function statusLog(logger: Logger): StatusReport {
  return (status, server) => {
    if (status.type === 'staleConnection') logger.warn('NATS does not answer', { server });
    if (status.type === 'error') logger.warn('NATS reports an error', { server, error: status.error.message });
  };
}

function clientOptions(
  server: string,
  { credentials, tls, name, pingIntervalMs }: NatsDialSettings,
  timeoutMs: number,
): Parameters<typeof connect>[0] {
  return {
    servers: [server],
    ...credentials,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    name,
    timeout: timeoutMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    reconnect: false,
    // Addresses that a server announces may be anything: we go where we were told to.
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  };
}

function openSession(
  server: string,
  connection: NatsConnection,
  sockets: SocketTracker,
  report: StatusReport,
): NatsSession {
  sockets.bearErrors();
  void watchStatus(server, connection, sockets, report);
  return {
    server,
    connection,
    ended: connection.closed().then(() => sockets.destroy()),
    async close() {
      await connection.close();
      sockets.destroy();
    },
    drop: () => sockets.destroy(),
  };
}

/** Reads what the client has to tell, until the connection ends. */
async function watchStatus(
  server: string,
  connection: NatsConnection,
  sockets: SocketTracker,
  report: StatusReport,
): Promise<void> {
  for await (const status of connection.status()) {
    report(status, server);
    // Its socket would wait for ever for a peer that does not read.
    if (status.type === 'staleConnection') sockets.destroy();
  }
}
