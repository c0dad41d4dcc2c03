import { createServer, type Server, type Socket } from 'node:net';
import {
  type CancelTimer,
  type Clock,
  type ConnectionClaim,
  type Http2Claim,
  type HttpClaim,
  type HttpConnectionClaim,
  type Logger,
  type Port,
  ServiceError,
  type Tls,
} from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import type { AnsweredPaths } from './answered-paths.js';
import { ConnectionRouter } from './connection-router.js';
import { listening, type PortAddress } from './listening.js';
import { PortClaims } from './port-claims.js';
import {
  type ResolvedSharedPortOptions,
  resolveSharedPortOptions,
  type SharedPortOptions,
} from './shared-port-options.js';

/**
 * The one TCP address of a server, shared by its transports, and the owner of its HTTP servers.
 *
 * It keeps hostile peers away from the claims: every limit of {@link SharedPortOptions} is enforced here, on HTTP/1.1 and
 * HTTP/2 alike, and what nobody has claimed is refused with a reason where the peer's protocol has words for one.
 */
export class SharedPort implements Port {
  readonly instance: string;
  readonly maxMessageBytes: number;
  readonly #options: ResolvedSharedPortOptions;
  readonly #logger: Logger;
  readonly #tls: Tls | undefined;
  readonly #clock: Clock;
  readonly #claims = new PortClaims();
  readonly #sockets = new Set<Socket>();
  #state: 'new' | 'open' | 'draining' | 'closed' = 'new';
  #router: ConnectionRouter | undefined;
  #server: Server | undefined;
  #opening: Promise<PortAddress> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #address: PortAddress | undefined;
  /** When a connection was accepted last, in milliseconds of the clock. */
  #acceptedAt = Number.NEGATIVE_INFINITY;
  #cancelLook: CancelTimer | undefined;

  /**
   * @param tls - puts every connection under TLS; without it all are in the clear.
   * @throws ServiceError `InvalidArgument` on an option out of range.
   */
  constructor(options: SharedPortOptions, logger: Logger = silentLogger(), tls?: Tls, clock: Clock = systemClock()) {
    this.#options = resolveSharedPortOptions(options);
    this.#logger = logger;
    this.#tls = tls;
    this.#clock = clock;
    this.instance = this.#options.instance;
    this.maxMessageBytes = this.#options.maxMessageBytes;
  }

  get encrypted(): boolean {
    return this.#tls !== undefined;
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
    this.#claimable(claim.name).http.push(claim);
  }

  claimHttp2(claim: Http2Claim): void {
    this.#claimable(claim.name).http2.push(claim);
  }

  claimHttpConnection(claim: HttpConnectionClaim): void {
    this.#claimable(claim.name).httpConnections.push(claim);
  }

  /** @throws ServiceError `InvalidArgument` where its first bytes or its name under ALPN could be another's. */
  claimConnection(claim: ConnectionClaim): void {
    this.#claimable(claim.name).addConnection(claim);
  }

  /** Answers some paths itself, before any claim is asked. Opens nothing where nothing else is claimed. */
  answer(paths: AnsweredPaths): void {
    this.#claimable('answer').paths = paths;
  }

  /**
   * Listens. Resolves with undefined, and opens nothing, where no claim was attached.
   *
   * @throws ServiceError `FailedPrecondition`, `executed: 'no'`, where the address cannot be had (in use, not of this
   * machine, reserved), naming it and the mend, where the TLS material is no good or missing, and where the port was
   * opened or closed before.
   */
  async open(): Promise<PortAddress | undefined> {
    if (this.#state !== 'new') throw precondition(`the port is ${this.#state} already; make a new SharedPort`);
    this.#state = 'open';
    if (this.#claims.none) return undefined;
    try {
      this.#router = this.#newRouter();
      const server = this.#newServer(this.#router);
      this.#server = server;
      this.#ended = new Promise((resolve) => server.once('close', resolve));
      this.#opening = listening(server, this.#options.host, this.#options.port);
      this.#address = await this.#opening;
    } catch (thrown) {
      this.#router?.close();
      this.#server = undefined;
      this.#state = 'closed';
      throw thrown;
    }
    this.#server.on('error', (error) => this.#logger.error('the port could not accept a connection', { error }));
    if (this.closed) throw precondition('the port was closed while it opened');
    return this.#address;
  }

  /**
   * Tells every HTTP peer to go elsewhere (`Connection: close` in its next reply on HTTP/1.1, whose idle connections end after
   * `drainGraceMs`; GOAWAY at once on HTTP/2), and resolves when all have ended; then the port is closed.
   *
   * Where HTTP/1.1 is spoken it goes on accepting connections, whose requests the claimants refuse, until none has come for
   * 200 ms (or `drainGraceMs`, where that is shorter), and for 5 s at most: what the system has accepted and the port has not is reset when the port stops
   * listening, and its callers could not tell whether their requests ran. It waits for the last request, and for the connections of claimants, which they drain
   * themselves, however long that takes: calling `close` meanwhile ends it.
   */
  async drain(): Promise<void> {
    await this.#opening?.catch(() => {});
    const begins = this.#state === 'open' || this.#state === 'new';
    if (begins) this.#state = 'draining';
    if (this.#server === undefined) return;
    if (begins) {
      this.#router?.drain();
      this.#stopListening(this.#server);
    }
    await this.#ended;
    await this.close();
  }

  /** Ends every connection at once. Twice is fine. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#opening?.catch(() => {});
    if (this.#server === undefined) return;
    this.#cancelLook?.();
    this.#server.close();
    this.#router?.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.#ended;
    this.#address = undefined;
  }

  /** At once where nobody is there, else when it has been quiet for the grace. */
  #stopListening(server: Server): void {
    const graceMs = this.#claims.http.length > 0 ? Math.min(this.#options.drainGraceMs, quietMs) : 0;
    const began = this.#clock.now();
    const isBusy = this.#sockets.size > 0 || began - this.#acceptedAt < graceMs;
    if (isBusy) this.#acceptedAt = began;
    const look = (): void => {
      const now = this.#clock.now();
      const leftMs = Math.min(this.#acceptedAt + graceMs, began + maxAcceptMs) - now;
      // Timers of the platform may fire a fraction of a millisecond early.
      if (leftMs < 1) server.close();
      // A thread that was held up finds its timers before the connections that came meanwhile: those are accepted first, in the turn between.
      else this.#cancelLook = this.#clock.after(leftMs, () => setImmediate(setImmediate, lookAgain));
    };
    const lookAgain = (): void => {
      if (!this.closed) look();
    };
    look();
  }

  #claimable(name: string): PortClaims {
    if (this.#state !== 'new') throw precondition(`${name} came too late: the port is ${this.#state}`);
    return this.#claims;
  }

  #newRouter(): ConnectionRouter {
    const parts = { options: this.#options, claims: this.#claims, logger: this.#logger, clock: this.#clock };
    try {
      return new ConnectionRouter({ ...parts, tls: this.#tls });
    } catch (thrown) {
      if (thrown instanceof ServiceError) throw thrown;
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      throw new ServiceError('FailedPrecondition', `the TLS material cannot be used: ${text}`, {
        cause: thrown,
        executed: 'no',
      });
    }
  }

  #newServer(router: ConnectionRouter): Server {
    // Half-open as Node's HTTP server wants it, which answers an end in its own way. Kept alive, so that a peer which
    // vanished is noticed by the system where no protocol asks after it.
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    server.maxConnections = this.#options.maxConnections;
    // One listener for all sockets: each of its own would cost every idle connection some hundred bytes.
    const sockets = this.#sockets;
    const forget = function (this: Socket): void {
      sockets.delete(this);
    };
    server.on('connection', (socket: Socket) => {
      this.#acceptedAt = this.#clock.now();
      sockets.add(socket);
      socket.on('close', forget);
      socket.on('error', destroyed);
      router.accept(socket);
    });
    return server;
  }
}

/** How long none must have come, so that none waits in the system's queue. */
const quietMs = 200;

/** How long a port that drains goes on accepting connections that do not cease to come. */
const maxAcceptMs = 5_000;

function destroyed(this: Socket): void {
  this.destroy();
}

function precondition(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}
