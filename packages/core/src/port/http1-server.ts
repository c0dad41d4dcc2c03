import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { answered } from './answered-paths.js';
import { earlyBy } from './early-by.js';
import { HttpConnections } from './http-connections.js';
import { httpRefusal, refuseRequest } from './http-refusal.js';
import type { Lingering } from './lingering.js';
import type { PortClaims } from './port-claims.js';
import type { ResolvedSharedPortOptions } from './shared-port-options.js';
import { WholeConnections } from './whole-connections.js';

/**
 * Serves HTTP/1.1 on connections that it is handed, through Node's own server, which never listens itself; plain requests
 * in the clear, where the first claim takes those, without it.
 *
 * Malformed requests are answered 400, 408 or 431 in JSON and their connection is closed; a request that no claim accepts
 * is answered 404.
 */
export class Http1Server {
  readonly #options: ResolvedSharedPortOptions;
  readonly #claims: PortClaims;
  readonly #logger: Logger;
  readonly #connections: HttpConnections;
  readonly #lingering: Lingering;
  readonly #server: Server;
  readonly #whole: WholeConnections | undefined;
  /** Those that were told that their connection ends: nothing that they have sent behind that is served any more. */
  readonly #dismissed = new WeakSet<Socket>();

  constructor(
    options: ResolvedSharedPortOptions,
    claims: PortClaims,
    logger: Logger,
    clock: Clock,
    lingering: Lingering,
  ) {
    this.#options = options;
    this.#claims = claims;
    this.#logger = logger;
    this.#connections = new HttpConnections(options, clock);
    this.#lingering = lingering;
    this.#server = this.#createServer();
    // Node looks for slow peers only from this event on; without it no headers or request timeout would ever fire.
    this.#server.emit('listening');
    const claim = claims.http[0]?.whole;
    const handOver = (socket: Socket): void => this.#acceptAny(socket);
    this.#whole = claim && new WholeConnections({ options, claim, logger, clock, handOver });
  }

  /** Takes a connection over, clear or under TLS, from its first byte. */
  accept(socket: Socket, encrypted: boolean): void {
    if (this.#whole === undefined || encrypted) this.#acceptAny(socket);
    else this.#whole.add(socket);
  }

  /** From here on each reply says `Connection: close`, and idle connections end after the grace. */
  drain(): void {
    if (this.#connections.draining) return;
    this.#connections.drain();
    this.#whole?.drain();
  }

  /** Ends every connection at once. */
  close(): void {
    this.#server.close();
    this.#whole?.destroy();
    this.#connections.destroy();
  }

  #acceptAny(socket: Socket): void {
    this.#connections.add(socket);
    this.#server.emit('connection', socket);
  }

  #createServer(): Server {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveMs, maxHeaderBytes } = this.#options;
    // Node looks for slow peers this often; its own 30 s would stretch a timeout of 10 s to 40. What it finds may have been late for
    // as long as that, and is answered before it ends, so it is told so much less.
    const lookEveryMs = Math.ceil(Math.min(earlyBy(headersTimeoutMs), earlyBy(requestTimeoutMs)) / 2);
    const marginMs = 2 * lookEveryMs;
    const server = createServer({
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs) - marginMs,
      requestTimeout: requestTimeoutMs - marginMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: lookEveryMs,
      insecureHTTPParser: false,
      // Node would answer, and go on to serve what the peer has sent behind it.
      requireHostHeader: false,
    });
    // Lines over the limit are not dropped silently, as Node would: they are counted and refused in `#serve`.
    server.maxHeadersCount = 0;
    server.on('timeout', this.#connections.onQuiet);
    server.on('request', (request, response) => this.#serve(request, response));
    server.on('checkContinue', (request, response) => this.#serve(request, response, 'continue'));
    server.on('checkExpectation', (request, response) => {
      this.#connections.begin(request.socket, response);
      refuseRequest(response, 417, refusal('the only expectation that is met here is 100-continue'));
    });
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      // From here on nobody else looks after this socket.
      socket.on('error', () => socket.destroy());
      socket.end(httpRefusal(405, new ServiceError('Unimplemented', 'this is not a proxy', { executed: 'no' })));
      (socket as Socket).destroySoon();
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseBytes(error, socket as Socket));
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse, expects?: 'continue'): void {
    const { socket } = request;
    // Node goes on to read what a connection had brought before its end. Nobody hears an answer, nor the claimant its end.
    if (socket.destroyed || this.#dismissed.has(socket)) return;
    const underWay = this.#connections.begin(socket, response);
    if (underWay > this.#options.maxPipelined || socket.writableEnded) {
      socket.destroy();
      return;
    }
    const lines = request.rawHeaders.length / 2;
    if (lines > this.#options.maxHeaders) {
      const text = `the request has ${lines} header lines; the limit is ${this.#options.maxHeaders}`;
      this.#dismiss(socket, response, 431, new ServiceError('ResourceExhausted', text, { executed: 'no' }));
      return;
    }
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      this.#dismiss(socket, response, 400, refusal('a request in HTTP/1.1 names its host, and this one does not'));
      return;
    }
    if (expects !== undefined && !this.#invite(request, response)) return;
    if (answered(this.#claims.paths, request, response)) return;
    try {
      for (const claim of this.#claims.http) {
        if (claim.accepts(request)) {
          claim.handle(request, response);
          return;
        }
      }
      refuseRequest(response, 404, new ServiceError('NotFound', this.#unclaimed(request), { executed: 'no' }));
    } catch (thrown) {
      this.#logger.error('a claim of the port threw', { error: thrown });
      refuseRequest(response, 500, new ServiceError('Internal', 'the request could not be served'));
    }
  }

  /** Asks a peer that waits for it to send the body, unless it is too large anyway. */
  #invite(request: IncomingMessage, response: ServerResponse): boolean {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced <= this.#options.maxMessageBytes) {
      response.writeContinue();
      return true;
    }
    const text = `a body of ${announced} bytes is over the limit of ${this.#options.maxMessageBytes}`;
    this.#dismiss(request.socket, response, 413, new ServiceError('ResourceExhausted', text, { executed: 'no' }));
    return false;
  }

  /** Refuses a request, and all that its peer has sent behind it. */
  #dismiss(socket: Socket, response: ServerResponse, status: number, error: ServiceError): void {
    this.#dismissed.add(socket);
    response.setHeader('Connection', 'close');
    refuseRequest(response, status, error);
  }

  #unclaimed(request: IncomingMessage): string {
    return `nothing here answers ${request.method} ${request.url}; what listens at this address is ${this.#claims.names}`;
  }

  /** Answers what is no HTTP. Requests read before it on the same connection are still served. */
  #refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
    const last = this.#connections.answerable(socket).at(-1);
    if (last !== undefined && socket.writable) {
      last.once('close', () => socket.destroy());
      return;
    }
    if (!socket.writable || error.code === 'ECONNRESET' || this.#connections.replying(socket)) {
      socket.destroy();
      return;
    }
    const [status, refused] = meaningOf(error);
    this.#logger.debug('a peer sent what is no HTTP request', { peer: socket.remoteAddress, reason: error.message });
    // Not by a timeout of the socket: every byte that the peer drips would begin it anew.
    this.#lingering.end(socket, httpRefusal(status, refused));
  }
}

function meaningOf(error: NodeJS.ErrnoException): readonly [status: number, error: ServiceError] {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return [431, new ServiceError('ResourceExhausted', 'the header fields are too large', { executed: 'no' })];
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return [408, new ServiceError('DeadlineExceeded', 'the request did not arrive in time', { executed: 'no' })];
  }
  return [400, refusal(`this is no HTTP/1.1 request: ${error.message}`)];
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
