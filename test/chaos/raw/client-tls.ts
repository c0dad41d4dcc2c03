import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { tlsOf } from '../lab/wire.js';

/** What a raw peer shows to a node of a wire under TLS. */
export function clientTls(protocols: readonly string[]): ConnectionOptions {
  const { ca, cert, key } = tlsOf('h2+tls') as { readonly ca: string; readonly cert: string; readonly key: string };
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), ALPNProtocols: [...protocols] };
}
