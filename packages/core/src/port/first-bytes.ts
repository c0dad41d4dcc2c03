import { Buffer } from 'node:buffer';
import type { ConnectionClaim } from '@tenon/contract';

/** What a connection turns out to be by its first bytes; a claim stands for its own protocol. */
export type Protocol = 'tls' | 'http2' | 'other' | ConnectionClaim;

/** What a TLS connection begins with: a handshake record of version 3.x. As Latin-1, like {@link http2Preface}. */
export const tlsStart = '\x16\x03';

/** What an HTTP/2 connection in the clear begins with (RFC 9113, 3.4). */
export const http2Preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/**
 * Tells protocols apart by how they begin. No beginning is another's, so the first that is there whole is the one, and
 * nothing is ever waited for that cannot change the answer.
 */
export class FirstBytes {
  readonly #beginnings: readonly { readonly bytes: Uint8Array; readonly protocol: Protocol }[];

  constructor(claims: readonly ConnectionClaim[]) {
    this.#beginnings = [
      { bytes: Buffer.from(tlsStart, 'latin1'), protocol: 'tls' },
      { bytes: Buffer.from(http2Preface, 'latin1'), protocol: 'http2' },
      ...claims.map((claim) => ({ bytes: Uint8Array.from(claim.firstBytes), protocol: claim })),
    ];
  }

  /** @returns undefined where more bytes are needed to tell, `other` where it is none of those that are known. */
  readonly judge = (read: Buffer): Protocol | undefined => {
    let mayBecomeOne = false;
    for (const { bytes, protocol } of this.#beginnings) {
      const length = Math.min(read.length, bytes.length);
      if (read.compare(bytes, 0, length, 0, length) !== 0) continue;
      if (read.length >= bytes.length) return protocol;
      mayBecomeOne = true;
    }
    return mayBecomeOne ? undefined : 'other';
  };
}
