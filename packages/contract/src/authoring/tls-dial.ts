import type { ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { Code } from '../code.js';
import { ServiceError } from '../service-error.js';
import type { Tls } from '../tls.js';
import { urisOf } from './peer-identity.js';

/** Whom a transport dials. */
export interface TlsPeer {
  /** The name or address, without the port. */
  readonly host: string;
  /** The service that is expected there. */
  readonly service: string;
  /** The protocol to speak, as ALPN names it. */
  readonly alpn: string;
}

/**
 * The options with which a transport dials a peer under TLS; `port` and `host`, or `socket`, are left to add.
 *
 * The server must show a certificate of a trusted authority that carries `tls.serverName`; without one, that carries the
 * host which was dialled or names the service as SPIFFE does, `spiffe://DOMAIN/SERVICE` or
 * `spiffe://DOMAIN/ns/NAMESPACE/sa/SERVICE`: nodes behind changing addresses have no other name. The common name is never
 * read.
 *
 * @param check - `checkServerIdentity` of `node:tls`; this package imports nothing.
 */
export function clientTlsOptions(tls: Tls, peer: TlsPeer, check: typeof checkServerIdentity): ConnectionOptions {
  const { ca, cert, key } = tls.material;
  const name = tls.serverName ?? peer.host;
  return {
    ...(ca === undefined ? {} : { ca: asPem(ca) }),
    ...(cert === undefined ? {} : { cert: asPem(cert) }),
    ...(key === undefined ? {} : { key: asPem(key) }),
    minVersion: tls.minVersion,
    ALPNProtocols: [peer.alpn],
    // An address is no name to ask for (RFC 6066, 3).
    servername: isAddress(name) ? '' : name,
    // Said here, because a variable of the environment changes the default.
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => {
      if (tls.serverName === undefined && namesService(certificate.subjectaltname, peer.service)) return undefined;
      // Node would fall back to the common name, which says nothing about a host.
      return check(name, { ...certificate, subject: { ...certificate.subject, CN: '' } });
    },
  };
}

/**
 * What a failure of TLS means, whenever it showed: in the handshake, or, with TLS 1.3, as the first thing that is read
 * after it. The message names the reason and the mend, never a key.
 *
 * - `Unavailable`: the peer is not whom it should be, or speaks no TLS that this side does; another node may.
 * - `Unauthenticated`: the peer wants a certificate from this side, or does not accept the one that it got.
 * - `PermissionDenied`: the peer knows this side and turns it away.
 *
 * @returns undefined where it is no failure of TLS. All errors are `executed: 'no'`: no call has reached a handler.
 */
export function tlsDialError(thrown: unknown, peer: TlsPeer): ServiceError | undefined {
  const { code, message, reason } = textsOf(thrown);
  const meaning = meanings.find(({ codes }) => codes.test(code)) ?? brokenOff(code, message);
  if (meaning === undefined) return undefined;
  const why = meaning.why.replace('{alpn}', peer.alpn);
  const detail = code === 'ERR_TLS_CERT_ALTNAME_INVALID' && reason !== '' ? `${reason} (${code})` : code;
  return new ServiceError(meaning.error, `no TLS connection with ${peer.host}: ${why}: ${detail}`, {
    service: peer.service,
    cause: thrown,
    executed: 'no',
  });
}

interface Meaning {
  readonly codes: RegExp;
  readonly error: Code;
  readonly why: string;
}

/** By OpenSSL's names of its errors, of which newer versions spell the middle differently; the first that fits holds. */
const meanings: readonly Meaning[] = Object.freeze([
  { codes: /^CERT_HAS_EXPIRED$/, error: 'Unavailable', why: 'its certificate has expired' },
  { codes: /^CERT_NOT_YET_VALID$/, error: 'Unavailable', why: 'its certificate is not valid yet; compare the clocks' },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    error: 'Unavailable',
    why: 'its certificate is for another host; name the right one as `serverName`',
  },
  {
    codes:
      /^(?:UNABLE_TO_.*|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE)$/,
    error: 'Unavailable',
    why: 'its certificate is of an authority that is not trusted here; give that one as `ca`',
  },
  {
    codes: /^(?:CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/,
    error: 'Unavailable',
    why: 'its certificate was not accepted',
  },
  {
    codes: /^ERR_SSL_.*ALERT_CERTIFICATE_REQUIRED$/,
    error: 'Unauthenticated',
    why: 'it wants a certificate from this side; give `cert` and `key`',
  },
  {
    codes: /^ERR_SSL_.*ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_[A-Z]+)$/,
    error: 'Unauthenticated',
    why: "it did not accept this side's certificate",
  },
  { codes: /^ERR_SSL_.*ALERT_ACCESS_DENIED$/, error: 'PermissionDenied', why: 'it turns this side away' },
  {
    codes: /^ERR_SSL_(?:.*ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW)$/,
    error: 'Unavailable',
    why: 'the two sides have no version of TLS in common; compare `minVersion`',
  },
  {
    codes: /^ERR_SSL_.*ALERT_NO_APPLICATION_PROTOCOL$/,
    error: 'Unavailable',
    why: 'it does not speak {alpn}',
  },
  {
    codes: /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
    error: 'Unavailable',
    why: 'what answers there is not TLS, and nothing is sent in the clear',
  },
  {
    codes: /^ERR_SSL_.*ALERT_HANDSHAKE_FAILURE$/,
    error: 'Unauthenticated',
    why: 'it refused the handshake; before TLS 1.3 that is also how it asks for a certificate (`cert` and `key`)',
  },
  { codes: /^ERR_(?:SSL|TLS)_/, error: 'Unavailable', why: 'the handshake failed' },
]);

/** Node's words for a peer that went away in the middle of the handshake are the only sign of it. */
function brokenOff(code: string, message: string): Meaning | undefined {
  if (code !== 'ECONNRESET' || !message.includes('before secure TLS connection')) return undefined;
  return { codes: /^/, error: 'Unavailable', why: 'it ended the connection in the handshake; it may not speak TLS' };
}

function namesService(subjectAltName: string | undefined, service: string): boolean {
  const uris = urisOf(subjectAltName);
  const [, path] = (uris.length === 1 && spiffeId.exec(uris[0] ?? '')) || [];
  if (path === undefined) return false;
  const [first, , third, account, ...more] = path.split('/');
  if (path === service) return true;
  return first === 'ns' && third === 'sa' && account === service && more.length === 0;
}

const spiffeId = /^spiffe:\/\/[a-z0-9._-]{1,255}\/([A-Za-z0-9._\-/]+)$/;

function isAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** Node takes text as it is and bytes only as its own `Buffer`; PEM is ASCII. */
function asPem(material: string | Uint8Array): string {
  return typeof material === 'string' ? material : new TextDecoder().decode(material);
}

function textsOf(thrown: unknown): { readonly code: string; readonly message: string; readonly reason: string } {
  const fields: Record<string, unknown> = typeof thrown === 'object' && thrown !== null ? { ...thrown } : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const message = thrown instanceof Error ? thrown.message : '';
  return { code: text(fields['code']), message, reason: text(fields['reason']) };
}
