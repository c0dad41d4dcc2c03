import type { Socket } from 'node:net';
import { type Client, createClient } from 'node-zookeeper-client';
import { Frames } from './frames.js';
import type { Endpoint } from './zookeeper-options.js';

/** The identity of a session at the server, which may be taken from one connection to the next. */
export interface SessionIdentity {
  readonly id: Buffer;
  readonly password: Buffer;
}

/** What a connection of the stock client tells. */
export interface StockClientEvents {
  /** The session is established. */
  connected(timeoutMs: number): void;
  /** The server no longer knows the session that was asked for. */
  expired(): void;
  refused(): void;
  /** Something came in. */
  heard(): void;
  /** The socket is closed; nothing follows. */
  closed(reason: Error | undefined): void;
}

/** One connection, made by the stock client. */
export interface StockClient {
  readonly client: Client;
  identity(): SessionIdentity;
  /** Ends it at once. */
  destroy(reason: Error): void;
}

/**
 * Connects once with the stock client. Left alone it connects again by itself, at once and for ever, notices neither a half-open
 * connection nor an expired session while it is cut off (issues 20 and 11 of its project), throws from the socket's event on error codes
 * that it does not know, and collects whatever a stranger sends; and its timer for connecting outlives it. Its parts are therefore
 * wrapped: verified with version 1.1.3, which is pinned.
 */
export function openStockClient(
  endpoint: Endpoint,
  sessionTimeoutMs: number,
  identity: SessionIdentity | undefined,
  events: StockClientEvents,
): StockClient {
  const client = createClient('127.0.0.1', {
    sessionTimeout: sessionTimeoutMs,
    spinDelay: 0,
    retries: 0,
    ...(identity === undefined ? {} : { sessionId: identity.id, sessionPassword: identity.password }),
  } as Parameters<typeof createClient>[1]);
  const manager = (client as unknown as { readonly connectionManager: Manager }).connectionManager;
  let reason: Error | undefined;
  let isDestroyed = false;
  const destroy = (why: Error): void => {
    reason ??= why;
    isDestroyed = true;
    manager.socket?.destroy();
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  // It calls its own methods through the instance, which is where these stand.
  const { connect, onSocketData, onSocketConnected, onSocketError, onSocketClosed } = manager;
  const frames = new Frames((frame) => onSocketData.call(manager, frame));
  // Its own parser of addresses knows no IPv6.
  manager.servers = [endpoint];
  // Called after each loss.
  manager.connect = () => {};
  manager.onSocketData = (chunk) => {
    events.heard();
    if (!isDestroyed) guarded(() => frames.feed(chunk));
  };
  manager.onSocketConnected = () => guarded(() => onSocketConnected.call(manager));
  manager.onSocketError = (error) => {
    reason ??= error;
    onSocketError.call(manager, error);
  };
  manager.onSocketClosed = (hadError) => {
    clearTimeout(manager.connectTimeoutHandler ?? undefined);
    onSocketClosed.call(manager, hadError);
    events.closed(reason);
  };
  client.on('state', (state) => {
    if (state.name === 'SYNC_CONNECTED') events.connected(client.getSessionTimeout());
    if (state.name === 'EXPIRED') events.expired();
    if (state.name === 'AUTH_FAILED') events.refused();
  });
  manager.findNextServer = (take) => take(endpoint);
  connect.call(manager);
  return {
    client,
    identity: () => ({ id: client.getSessionId(), password: client.getSessionPassword() }),
    destroy,
  };
}

/** The parts of `ConnectionManager` that are used. */
interface Manager {
  servers: readonly Endpoint[];
  readonly socket: Socket | undefined;
  readonly connectTimeoutHandler: NodeJS.Timeout | null;
  connect(): void;
  findNextServer(take: (server: Endpoint) => void): void;
  onSocketData(chunk: Buffer): void;
  onSocketConnected(): void;
  onSocketError(error: Error): void;
  onSocketClosed(hadError: boolean): void;
}
