import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Logger, Registry } from '@tenon/contract';
import { isWildcard, normalizedHost, splitAddress } from './server-options.js';

/**
 * What others are told to dial: the `advertise` option (its port filled in where it names none), else the address that
 * is listened on, where a wildcard is replaced by the first private address of this machine. Never a wildcard: whoever
 * dials that calls itself.
 */
export function advertisedAddress(
  listening: { readonly host: string; readonly port: number },
  advertise: string | undefined,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string {
  if (advertise !== undefined) {
    const { host, port = listening.port } = splitAddress(advertise);
    return joined(host, port);
  }
  return joined(isWildcard(listening.host) ? ownAddress(interfaces) : listening.host, listening.port);
}

/** `host:port`, where an IPv6 host stands in brackets. */
export function joined(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether an address leads every machine to itself. */
export function isLoopback(address: string): boolean {
  const host = normalizedHost(splitAddress(address).host);
  return /^(127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]|(.+\.)?localhost)$/.test(host);
}

/** Says so where others would read, in the registry, an address that leads each of them to itself. */
export function warnOfLoopback(advertise: string, { capabilities }: Registry, logger: Logger): void {
  if (!isLoopback(advertise) || (capabilities.reach ?? 'network') !== 'network') return;
  logger.warn(
    'a loopback address goes into a registry that other machines read: they would call themselves; set listen and advertise (TENON_LISTEN, TENON_ADVERTISE)',
    { advertise },
  );
}

/** The first private IPv4 address, else the first other one, else loopback. */
function ownAddress(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  const candidates = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter((info) => info.family === 'IPv4' && !info.internal)
    .map((info) => info.address);
  return candidates.find((address) => privateAddress.test(address)) ?? candidates[0] ?? '127.0.0.1';
}

/** RFC 1918. */
const privateAddress = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;
