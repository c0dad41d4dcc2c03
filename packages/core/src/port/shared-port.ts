import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HttpClaim, type Logger, type Port, ServiceError } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { HttpConnections } from './http-connections.js';
import { refuseRequest, refuseSocket } from './http-refusal.js';
import {
  type ResolvedSharedPortOptions,
  resolveSharedPortOptions,
  type SharedPortOptions,
} from './shared-port-options.js';

/** Where a port listens. */
export interface PortAddress {
  /** As the system knows it: `127.0.0.1`, `::1`. */
  readonly host: string;
  readonly port: number;
}

/**
 * The one TCP address of a server, shared by its transports, and the owner of its HTTP server.
 *
 * It keeps hostile peers away from the claims: every limit of {@link SharedPortOptions} is enforced here, malformed
 * requests are answered 400, 408 or 431 in JSON and their connection is closed. A request that no claim accepts is
 * answered 404.
 */
export class SharedPort implements Port {
  readonly instance: string;
  readonly maxMessageBytes: number;
  readonly #options: ResolvedSharedPortOptions;
  readonly #logger: Logger;
  readonly #claims: HttpClaim[] = [];
  readonly #connections: HttpConnections;
  #state: 'new' | 'open' | 'draining' | 'closed' = 'new';
  #server: Server | undefined;
  #opening: Promise<PortAddress> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #address: PortAddress | undefined;

  /** @throws ServiceError `InvalidArgument` on an option out of range. */
  constructor(options: SharedPortOptions, logger: Logger = silentLogger()) {
    this.#options = resolveSharedPortOptions(options);
    this.#logger = logger;
    this.#connections = new HttpConnections(this.#options);
    this.instance = this.#options.instance;
    this.maxMessageBytes = this.#options.maxMessageBytes;
  }

  /** Where it listens; undefined before `open` and where nothing was claimed. */
  get address(): PortAddress | undefined {
    return this.#address;
  }

  /** Whether `close` was called, or `open` failed: a port is used once. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  claimHttp(claim: HttpClaim): void {
    if (this.#state !== 'new') throw precondition(`${claim.name} came too late: the port is ${this.#state}`);
    this.#claims.push(claim);
  }

  /**
   * Listens. Resolves with undefined, and opens nothing, where no claim was attached.
   *
   * @throws ServiceError `FailedPrecondition`, `executed: 'no'`, where the address cannot be had (in use, not of this
   * machine, reserved), naming it and the mend, and where the port was opened or closed before.
   */
  async open(): Promise<PortAddress | undefined> {
    if (this.#state !== 'new') throw precondition(`the port is ${this.#state} already; make a new SharedPort`);
    this.#state = 'open';
    if (this.#claims.length === 0) return undefined;
    const server = this.#createServer();
    this.#server = server;
    this.#ended = new Promise((resolve) => server.once('close', resolve));
    this.#opening = listening(server, this.#options);
    try {
      this.#address = await this.#opening;
    } catch (thrown) {
      this.#server = undefined;
      this.#state = 'closed';
      throw thrown;
    }
    server.on('error', (error) => this.#logger.error('the port could not accept a connection', { error }));
    if (this.closed) throw precondition('the port was closed while it opened');
    return this.#address;
  }

  /**
   * Accepts no further connections, tells every peer in its next reply to go elsewhere (`Connection: close`), ends idle
   * connections after `drainGraceMs`, and resolves when all have ended; then the port is closed. It waits for the last
   * request, however long that takes: calling `close` meanwhile ends it.
   */
  async drain(): Promise<void> {
    await this.#opening?.catch(() => {});
    if (this.#state === 'open' || this.#state === 'new') this.#state = 'draining';
    if (this.#server === undefined) return;
    if (!this.#connections.draining) {
      this.#connections.drain();
      // http.Server.close would cut off idle connections at once, together with requests that are on their way.
      NetServer.prototype.close.call(this.#server);
    }
    await this.#ended;
    await this.close();
  }

  /** Ends every connection at once. Twice is fine. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#opening?.catch(() => {});
    if (this.#server === undefined) return;
    this.#server.close();
    this.#connections.destroy();
    await this.#ended;
    this.#address = undefined;
  }

  #createServer(): Server {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveMs, maxHeaderBytes, maxConnections } = this.#options;
    const server = createServer({
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      // Node looks for slow peers this often; its own 30 s would stretch a timeout of 10 s to 40.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
      insecureHTTPParser: false,
      noDelay: true,
    });
    // Lines over the limit are not dropped silently, as Node would: they are counted and refused in `#serve`.
    server.maxHeadersCount = 0;
    server.maxConnections = maxConnections;
    server.on('connection', (socket: Socket) => this.#connections.add(socket));
    server.on('timeout', this.#connections.onQuiet);
    server.on('request', (request, response) => this.#serve(request, response));
    server.on('checkContinue', (request, response) => this.#serve(request, response, 'continue'));
    server.on('checkExpectation', (request, response) => {
      this.#connections.begin(request.socket, response);
      refuseRequest(response, 417, refusal('the only expectation that is met here is 100-continue'));
    });
    server.on('connect', (_request: IncomingMessage, duplex: Duplex) => {
      const socket = duplex as Socket;
      // From here on nobody else looks after this socket.
      socket.on('error', () => socket.destroy());
      refuseSocket(socket, 405, new ServiceError('Unimplemented', 'this is not a proxy', { executed: 'no' }));
      socket.destroySoon();
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseBytes(error, socket as Socket));
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse, expects?: 'continue'): void {
    const { socket } = request;
    const underWay = this.#connections.begin(socket, response);
    if (underWay > this.#options.maxPipelined || socket.writableEnded) {
      socket.destroy();
      return;
    }
    const lines = request.rawHeaders.length / 2;
    if (lines > this.#options.maxHeaders) {
      response.setHeader('Connection', 'close');
      const text = `the request has ${lines} header lines; the limit is ${this.#options.maxHeaders}`;
      refuseRequest(response, 431, new ServiceError('ResourceExhausted', text, { executed: 'no' }));
      return;
    }
    if (expects !== undefined && !this.#invite(request, response)) return;
    try {
      const claim = this.#claims.find((candidate) => candidate.accepts(request));
      if (claim !== undefined) claim.handle(request, response);
      else refuseRequest(response, 404, new ServiceError('NotFound', this.#unclaimed(request), { executed: 'no' }));
    } catch (thrown) {
      this.#logger.error('a claim of the port threw', { error: thrown });
      refuseRequest(response, 500, new ServiceError('Internal', 'the request could not be served'));
    }
  }

  /** Asks a peer that waits for it to send the body, unless it is too large anyway. */
  #invite(request: IncomingMessage, response: ServerResponse): boolean {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced <= this.maxMessageBytes) {
      response.writeContinue();
      return true;
    }
    response.setHeader('Connection', 'close');
    const text = `a body of ${announced} bytes is over the limit of ${this.maxMessageBytes}`;
    refuseRequest(response, 413, new ServiceError('ResourceExhausted', text, { executed: 'no' }));
    return false;
  }

  #unclaimed(request: IncomingMessage): string {
    const names = this.#claims.map((claim) => claim.name).join(', ');
    return `nothing here answers ${request.method} ${request.url}; what listens at this address is ${names}`;
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
    refuseSocket(socket, status, refused);
    socket.setTimeout(this.#options.replyTimeoutMs);
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

function listening(server: Server, { host, port }: ResolvedSharedPortOptions): Promise<PortAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has an address');
      resolve(Object.freeze({ host: address.address, port: address.port }));
    });
  });
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): ServiceError {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const mend = mends[error.code ?? ''] ?? `the system says ${error.message}`;
  return new ServiceError('FailedPrecondition', `cannot listen on ${where}: ${mend}`, { cause: error, executed: 'no' });
}

const mends: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: 'another process has it; stop that one, choose another port, or 0 for any free one',
  EACCES: 'this user may not have it; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own, or 127.0.0.1',
  ENOTFOUND: 'no such host name; choose an address of this machine, or 127.0.0.1',
});

function precondition(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
