import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address } from './address.js';

/** Finds the addresses of a name. Rejects where it cannot be resolved. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Every address that a seed stands for: itself, or all that its name has now. */
export async function seedAddresses(seed: Address, resolve: Resolve): Promise<readonly Address[]> {
  if (isIP(seed.host) !== 0) return [seed];
  const hosts = await resolve(seed.host);
  return hosts.map((host) => ({ host, port: seed.port }));
}

/** The resolver of this machine, `/etc/hosts` included. */
export async function systemResolve(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}
