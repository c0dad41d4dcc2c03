import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isWildcard } from './server-options.js';

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
  if (advertise !== undefined && advertise !== '') {
    return /:\d+$/.test(advertise) ? advertise : `${bracketed(advertise)}:${listening.port}`;
  }
  const host = isWildcard(listening.host) ? ownAddress(interfaces) : listening.host;
  return `${bracketed(host)}:${listening.port}`;
}

/** Whether an address leads every machine to itself. */
export function isLoopback(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)(:\d+)?$/.test(address);
}

/** The first private IPv4 address, else the first other one, else loopback. */
function ownAddress(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  const candidates = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .filter((info) => info.family === 'IPv4' && !info.internal)
    .map((info) => info.address);
  return candidates.find((address) => privateAddress.test(address)) ?? candidates[0] ?? '127.0.0.1';
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** RFC 1918. */
const privateAddress = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;
