/** What a client sends first, in the clear and under TLS: `tenon/1` and a line feed. */
export function preamble(): Buffer {
  return Buffer.from(`${protocolName}\n`, 'latin1');
}

/** The name of the protocol: of the transport, in ALPN, and in a node's metadata. */
export const protocolName = 'tenon/1';
