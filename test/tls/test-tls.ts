import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Tls, TlsMaterial } from '@tenon/contract';

/** TLS with the throwaway certificates of this folder; the server's is for `localhost` and `127.0.0.1`. */
export function testTls(changes: Partial<Tls> = {}): Tls {
  return {
    material: materialOf('server'),
    mutual: false,
    minVersion: 'TLSv1.3',
    serverName: undefined,
    onChange: () => () => {},
    ...changes,
  };
}

/** What the owner of one of the certificates has: it, its key, and the authority that it trusts. */
export function materialOf(name: string): TlsMaterial {
  return { ca: pem('ca'), cert: pem(name), key: pem(`${name}-key`) };
}

/** The text of one of the files. */
export function pem(name: string): string {
  return readFileSync(pemFile(name), 'utf8');
}

/** Where one of the files is. */
export function pemFile(name: string): string {
  return fileURLToPath(new URL(`${name}.pem`, import.meta.url));
}
