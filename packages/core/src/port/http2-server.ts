import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import type { DeadlineWheel } from '@tenon/contract/authoring';
import { answeredStream } from './answered-paths.js';
import { refuseStream } from './http-refusal.js';
import { Http2Connection, type Http2ConnectionParts } from './http2-connection.js';
import type { PortClaims } from './port-claims.js';
import type { RefusalLog } from './refusal-log.js';
import type { ResolvedSharedPortOptions } from './shared-port-options.js';

/** What an {@link Http2Server} works with. */
export interface Http2ServerParts {
  readonly options: ResolvedSharedPortOptions;
  readonly claims: PortClaims;
  readonly logger: Logger;
  readonly wheel: DeadlineWheel;
  readonly clock: Clock;
  readonly refusals: RefusalLog;
}

/**
 * Serves HTTP/2 on connections that it is handed, through Node's own server, which never listens itself.
 *
 * A request whose path is none is answered 400, one that no claim accepts 404, both in JSON. Rapid resets, floods of
 * CONTINUATION and unread acknowledgements are counted by nghttp2 itself, which closes the connection.
 */
export class Http2Server {
  readonly #claims: PortClaims;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #connections = new Set<Http2Connection>();
  readonly #connectionParts: Http2ConnectionParts;
  /** Node tells of a new session within the handing over of its socket, without saying whose it is. */
  #newSession: ServerHttp2Session | undefined;
  #draining = false;

  constructor(parts: Http2ServerParts) {
    const { options, claims, logger, wheel, clock, refusals } = parts;
    this.#claims = claims;
    this.#logger = logger;
    const serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => this.#serve(stream, headers);
    this.#connectionParts = { options, wheel, clock, refusals, serve };
    const server = createServer(limitsOf(options));
    server.on('session', (session: ServerHttp2Session) => {
      this.#newSession = session;
    });
    server.on('sessionError', (error: Error) => this.#logger.debug('an HTTP/2 connection failed', { error }));
    server.on('unknownProtocol', (socket: Socket) => socket.destroy());
    this.#server = server;
  }

  /** Takes a connection over, clear or under TLS, from its first byte. */
  accept(socket: Socket, peer: string): void {
    // Node notices that the peer has gone by the socket's own end.
    socket.allowHalfOpen = false;
    this.#newSession = undefined;
    this.#server.emit('connection', socket);
    const session: ServerHttp2Session | undefined = this.#newSession;
    if (session === undefined) {
      socket.destroy();
      return;
    }
    const connection = new Http2Connection(session, socket, peer, this.#connectionParts);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#draining) connection.drain();
  }

  /** Tells every peer by GOAWAY to go elsewhere; connections end with their last stream. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const connection of this.#connections) connection.drain();
  }

  /** Ends every connection at once. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'];
    if (path === undefined || path.charCodeAt(0) !== slash) {
      refuseStream(stream, 400, refusal('InvalidArgument', `':path' is ${String(path)}; it must begin with '/'`));
      return;
    }
    if (answeredStream(this.#claims.paths, stream, headers)) return;
    try {
      for (const claim of this.#claims.http2) {
        if (claim.accepts(headers)) {
          claim.handle(stream, headers);
          return;
        }
      }
      refuseStream(stream, 404, refusal('NotFound', this.#unclaimed(headers)));
    } catch (thrown) {
      this.#logger.error('a claim of the port threw', { error: thrown });
      refuseStream(stream, 500, new ServiceError('Internal', 'the request could not be served'));
    }
  }

  #unclaimed(headers: IncomingHttpHeaders): string {
    const request = `${headers[':method']} ${headers[':path']}`;
    return `nothing here answers ${request} on HTTP/2; what listens at this address is ${this.#claims.names}`;
  }
}

function limitsOf(options: ResolvedSharedPortOptions): Parameters<typeof createServer>[0] {
  return {
    settings: {
      maxConcurrentStreams: options.maxStreams,
      maxHeaderListSize: options.maxHeaderBytes,
      initialWindowSize: streamWindowBytes,
    },
    // The pseudo fields are not among those that `maxHeaders` counts.
    maxHeaderListPairs: options.maxHeaders + 4,
    // Node counts in millions of bytes.
    maxSessionMemory: Math.ceil(options.maxSessionMemoryBytes / 1_000_000),
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  };
}

/** What a peer may send unread on one stream. */
const streamWindowBytes = 256 * 1_024;

const slash = 0x2f;

function refusal(code: 'InvalidArgument' | 'NotFound', message: string): ServiceError {
  return new ServiceError(code, message, { executed: 'no' });
}
