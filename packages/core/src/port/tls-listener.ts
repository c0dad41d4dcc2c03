import { Buffer } from 'node:buffer';
import type { Server, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { type Logger, ServiceError, type Tls } from '@tenon/contract';
import type { RefusalLog } from './refusal-log.js';

/** What a {@link TlsListener} works with. */
export interface TlsListenerParts {
  readonly tls: Tls;
  readonly handshakeTimeoutMs: number;
  /** The protocols that are spoken here, best first, as ALPN names them. */
  readonly alpn: readonly string[];
  readonly logger: Logger;
  readonly refusals: RefusalLog;
  /** Gets each connection whose handshake is done; the protocol is undefined where the peer named none. */
  onSecure(socket: TLSSocket, protocol: string | undefined): void;
}

/**
 * Does the TLS handshakes of a port, through Node's own server, which never listens itself.
 *
 * New material is taken for the next handshake; connections that are open keep what they began with. A handshake that
 * fails is logged with its reason, and the peer reads it where TLS has an alert for it.
 */
export class TlsListener {
  readonly #server: Server;
  readonly #stopReloading: () => void;

  /** @throws ServiceError `FailedPrecondition` where there is no certificate, and Node's own error where it is no good. */
  constructor(parts: TlsListenerParts) {
    const { tls, handshakeTimeoutMs, alpn, logger, refusals, onSecure } = parts;
    const server = createServer({
      ...contextOf(tls),
      handshakeTimeout: handshakeTimeoutMs,
      ALPNProtocols: [...alpn],
      requestCert: tls.mutual,
      rejectUnauthorized: tls.mutual,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => socket.destroy());
      // TLS 1.2 lets a peer ask for a new handshake over and over, at our cost.
      socket.disableRenegotiation();
      onSecure(socket, typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined);
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      refusals.say('a TLS handshake failed', socket.remoteAddress, causeOf(error, socket));
      socket.on('error', () => {});
      socket.destroy();
    });
    this.#stopReloading = tls.onChange(() => {
      try {
        server.setSecureContext(contextOf(tls));
      } catch (error) {
        logger.error('the new TLS material cannot be used; the port keeps the old one', { error });
      }
    });
    this.#server = server;
  }

  /** Begins the handshake on a connection, from its first byte. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#stopReloading();
    this.#server.close();
  }
}

function contextOf(tls: Tls): TlsOptions {
  const { ca, cert, key } = tls.material;
  if (cert === undefined || key === undefined) {
    throw new ServiceError('FailedPrecondition', "a server's port wants tls.cert and tls.key", { executed: 'no' });
  }
  return {
    minVersion: tls.minVersion,
    ...(ca === undefined ? {} : { ca: asPem(ca) }),
    cert: asPem(cert),
    key: asPem(key),
  };
}

function asPem(material: string | Uint8Array): string {
  return typeof material === 'string' ? material : Buffer.from(material).toString('latin1');
}

/** What is wrong with the peer's certificate says more than that the connection ended over it. */
function causeOf(error: NodeJS.ErrnoException, socket: TLSSocket): string {
  const verdict: unknown = socket.authorizationError;
  return typeof verdict === 'string' ? verdict : (error.code ?? error.message);
}
