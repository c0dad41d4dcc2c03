import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/**
 * Who the peer of a connection has proved to be: the one URI in its certificate's subject alternative name, such as
 * `spiffe://acme/greeter`.
 *
 * Undefined in the clear, where the peer showed no certificate, where the certificate was not verified against a trusted
 * authority (showing one proves nothing), and where it names no URI or several. The common name is never read.
 */
export function peerIdentity(socket: Duplex): string | undefined {
  const peer: Duplex & Partial<Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>> = socket;
  if (peer.authorized !== true) return undefined;
  const uris = urisOf(peer.getPeerX509Certificate?.()?.subjectAltName);
  return uris.length === 1 ? uris[0] : undefined;
}

/** The URIs of a subject alternative name in Node's text form. A text that is not understood whole has none. */
export function urisOf(subjectAltName: string | undefined): readonly string[] {
  const uris: string[] = [];
  let rest = subjectAltName ?? '';
  while (rest !== '') {
    const [whole, kind, value] = oneName.exec(rest) ?? [];
    if (whole === undefined || value === undefined) return [];
    if (kind === 'URI') {
      const uri = unquoted(value);
      if (uri === undefined) return [];
      uris.push(uri);
    }
    rest = rest.slice(whole.length);
  }
  return uris;
}

/** Node quotes, as JSON does, a name that holds what could be taken for the beginning of the next one. */
const oneName = /^([^:,"]+):((?:[^,"]|"(?:[^"\\]|\\.)*")*)(?:, |$)/;

function unquoted(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return undefined;
  }
}
