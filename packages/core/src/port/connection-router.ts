import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import {
  type Clock,
  type ConnectionClaim,
  type HttpConnectionClaim,
  type Logger,
  ServiceError,
  type Tls,
} from '@tenon/contract';
import { DeadlineWheel, peerIdentity } from '@tenon/contract/authoring';
import { earlyBy } from './early-by.js';
import { FirstBytes, type Protocol } from './first-bytes.js';
import { httpHead } from './http-head.js';
import { http2Refusal, httpRefusal, idleEnd } from './http-refusal.js';
import { Http1Server } from './http1-server.js';
import { Http2Server } from './http2-server.js';
import { Lingering } from './lingering.js';
import { joinedAddress } from './listening.js';
import type { PortClaims } from './port-claims.js';
import { RefusalLog } from './refusal-log.js';
import type { ResolvedSharedPortOptions } from './shared-port-options.js';
import { Sniffer } from './sniffer.js';
import { TlsListener } from './tls-listener.js';

/** What a {@link ConnectionRouter} works with. */
export interface ConnectionRouterParts {
  readonly options: ResolvedSharedPortOptions;
  readonly claims: PortClaims;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether every connection is to be under TLS, and how. */
  readonly tls: Tls | undefined;
}

/**
 * Finds out what each new connection is and hands it to whom it belongs: by its first bytes in the clear, by ALPN under
 * TLS, and what is HTTP/1.1 by its first request where somebody claims whole connections of it. What nobody claims is
 * refused, with a reason where the peer's protocol has words for one.
 */
export class ConnectionRouter {
  readonly #options: ResolvedSharedPortOptions;
  readonly #claims: PortClaims;
  readonly #logger: Logger;
  readonly #wheel: DeadlineWheel;
  readonly #sniffer: Sniffer;
  readonly #lingering: Lingering;
  readonly #refusals: RefusalLog;
  readonly #firstBytes: FirstBytes;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #tls: TlsListener | undefined;
  #draining = false;

  constructor(parts: ConnectionRouterParts) {
    const { options, claims, logger, clock, tls } = parts;
    this.#options = options;
    this.#claims = claims;
    this.#logger = logger;
    const wheel = new DeadlineWheel(clock);
    const lingering = new Lingering(wheel, clock);
    const refusals = new RefusalLog(logger, clock);
    this.#wheel = wheel;
    this.#lingering = lingering;
    this.#refusals = refusals;
    this.#sniffer = new Sniffer(wheel, clock);
    this.#firstBytes = new FirstBytes(claims.connections);
    const { handshakeTimeoutMs } = options;
    const onSecure = (socket: TLSSocket, protocol: string | undefined): void => this.#onSecure(socket, protocol);
    this.#tls = tls && new TlsListener({ tls, handshakeTimeoutMs, alpn: claims.alpn, logger, refusals, onSecure });
    this.#http1 = new Http1Server(options, claims, logger, clock, lingering);
    this.#http2 = new Http2Server({ options, claims, logger, wheel, clock, refusals });
  }

  /** Takes a connection that has just been accepted. */
  accept(socket: Socket): void {
    const peer = addressOf(socket);
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    this.#sniffer.sniff<Protocol>(socket, {
      timeoutMs: Math.min(this.#options.handshakeTimeoutMs, this.#options.headersTimeoutMs),
      judge: this.#firstBytes.judge,
      settle: (protocol) => {
        if (this.#tls === undefined) this.#onClear(socket, peer, protocol);
        else if (protocol === 'tls') this.#tls.accept(socket);
        else this.#refuseClear(socket, peer, protocol);
      },
      silent: (began) => this.#onSilence(socket, began, this.#tls === undefined),
    });
  }

  /** Tells HTTP peers to go elsewhere; whoever has not said yet what it is must do so within the grace. */
  drain(): void {
    this.#draining = true;
    this.#sniffer.hurry(this.#options.drainGraceMs);
    this.#http1.drain();
    this.#http2.drain();
  }

  /** Ends every HTTP connection; the sockets of others are the port's to destroy. */
  close(): void {
    this.#tls?.close();
    this.#http1.close();
    this.#http2.close();
    this.#wheel.close();
  }

  #onClear(socket: Socket, peer: string, protocol: Protocol): void {
    if (typeof protocol !== 'string') {
      this.#handOver(protocol, socket, peer);
    } else if (protocol === 'tls') {
      this.#refusals.say(notServed, peer, 'TLS, and this port is in the clear');
      this.#lingering.end(socket);
    } else if (protocol === 'http2' && this.#claims.servesHttp2) {
      this.#http2.accept(socket, peer);
    } else if (this.#claims.servesHttp1) {
      this.#onHttp1(socket, peer);
    } else {
      this.#refuse(socket, peer, protocol, `this port speaks ${this.#claims.alpn.join(', ')} only`);
    }
  }

  #onSecure(socket: TLSSocket, protocol: string | undefined): void {
    const peer = addressOf(socket);
    const claim = this.#claims.connections.find(({ alpn }) => alpn === protocol);
    if (peer === undefined) socket.destroy();
    else if (claim !== undefined) this.#handOver(claim, socket, peer);
    else if (protocol === 'h2') this.#http2.accept(socket, peer);
    else if (this.#claims.servesHttp1) this.#onHttp1(socket, peer);
    else {
      const text = `the TLS handshake must name a protocol by ALPN; this port speaks ${this.#claims.alpn.join(', ')}`;
      this.#refuse(socket, peer, 'other', text);
    }
  }

  #onHttp1(socket: Socket, peer: string): void {
    if (this.#claims.httpConnections.length === 0) {
      this.#http1.accept(socket, this.#tls !== undefined);
      return;
    }
    this.#sniffer.sniff<HttpConnectionClaim | 'unclaimed'>(socket, {
      timeoutMs: this.#options.headersTimeoutMs - earlyBy(this.#options.headersTimeoutMs),
      judge: (read) => {
        const head = httpHead(read, this.#options);
        if (head === undefined || head === 'unclear') return head && 'unclaimed';
        return this.#asked(() => this.#claims.httpConnections.find((claim) => claim.accepts(head))) ?? 'unclaimed';
      },
      settle: (claim) => {
        if (claim === 'unclaimed') this.#http1.accept(socket, this.#tls !== undefined);
        else this.#handOver(claim, socket, peer);
      },
      silent: (began) => this.#onSilence(socket, began, true),
    });
  }

  #handOver(claim: ConnectionClaim | HttpConnectionClaim, socket: Socket, peer: string): void {
    // A claimed connection ends with its peer: one that its claimant forgets to end must not stay for ever.
    socket.allowHalfOpen = false;
    const encrypted = this.#tls !== undefined;
    const identity = encrypted ? peerIdentity(socket) : undefined;
    const handled = this.#asked(() => {
      claim.handle(Object.freeze({ socket, address: peer, identity, encrypted }));
      return true;
    });
    if (handled === undefined) socket.destroy();
  }

  #asked<T>(ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      this.#logger.error('a claim of the port threw', { error });
      return undefined;
    }
  }

  #onSilence(socket: Socket, began: boolean, readsHttp: boolean): void {
    if (!readsHttp || !this.#claims.servesHttp1) {
      socket.destroy();
      return;
    }
    if (!began || this.#draining) {
      this.#lingering.end(socket, idleEnd(this.#draining));
      return;
    }
    const text = 'the request did not arrive in time';
    const late = new ServiceError('DeadlineExceeded', text, { executed: 'no' });
    this.#lingering.end(socket, httpRefusal(408, late));
  }

  #refuseClear(socket: Socket, peer: string, protocol: Protocol): void {
    this.#refuse(socket, peer, protocol, 'this port speaks TLS only; for HTTP use https://');
  }

  #refuse(socket: Duplex, peer: string, protocol: Protocol, text: string): void {
    const cause = typeof protocol === 'string' ? text : `${protocol.name}: ${text}`;
    this.#refusals.say(notServed, peer, cause);
    const refused = new ServiceError('InvalidArgument', text, { executed: 'no' });
    if (protocol === 'http2') this.#lingering.end(socket, http2Refusal(inadequateSecurityOrProtocol(this.#tls), text));
    else if (protocol === 'other') this.#lingering.end(socket, httpRefusal(400, refused));
    else this.#lingering.end(socket);
  }
}

const notServed = 'a peer spoke a protocol that is not served here';

/** Error codes of RFC 9113, 7: INADEQUATE_SECURITY where it is TLS that is missing, else PROTOCOL_ERROR. */
function inadequateSecurityOrProtocol(tls: TlsListener | undefined): number {
  return tls === undefined ? 0x1 : 0xc;
}

/** Undefined where the peer has gone already. */
function addressOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined || remotePort === undefined ? undefined : joinedAddress(remoteAddress, remotePort);
}
