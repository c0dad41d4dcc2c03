import { readFileSync } from 'node:fs';
import type { Tls } from '@tenon/contract';

/** TLS with the throwaway certificates of this folder, which are for `localhost` and `127.0.0.1`. */
export function testTls(changes: Partial<Tls> = {}): Tls {
  const material = { ca: pem('ca'), cert: pem('server'), key: pem('server-key') };
  return {
    material,
    mutual: false,
    minVersion: 'TLSv1.3',
    serverName: undefined,
    onChange: () => () => {},
    ...changes,
  };
}

/** One of the files in `tls/`. */
export function pem(name: string): string {
  return readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8');
}
