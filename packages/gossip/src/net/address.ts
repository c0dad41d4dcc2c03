import { isIP } from 'node:net';
import { ServiceError } from '@tenon/contract';

/** Where a member is reached, by UDP and TCP alike. */
export interface Address {
  /** An IPv4 or IPv6 address, never a name. */
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.1:7946`, `[::1]:7946`. */
export function textOf({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The four or sixteen bytes that stand on the wire. */
export function bytesOf(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from(host.split('.').map(Number));
  return Buffer.from(groupsOf(host).flatMap((group) => [group >> 8, group & 0xff]));
}

/** Go writes IPv4 addresses in four bytes or, mapped, in sixteen. */
export function hostOf(bytes: Buffer): string {
  const isMapped = bytes.length === 16 && bytes.subarray(0, 12).equals(mappedPrefix);
  if (bytes.length === 4 || isMapped) return [...bytes.subarray(-4)].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}

/** `host:port`, `[v6]:port`, `name:port` or a host alone, which has the port that is given. */
export function parsedAddress(option: string, text: string, defaultPort: number): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host !== undefined && port <= 0xffff) return { host, port };
  const message = `${option} is ${JSON.stringify(text)}; it must be host:port, [v6]:port or a name`;
  throw new ServiceError('InvalidArgument', message, { executed: 'no' });
}

function groupsOf(host: string): readonly number[] {
  const [head = '', tail] = host.split('::');
  const left = partsOf(head);
  const right = tail === undefined ? [] : partsOf(tail);
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function partsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

const mappedPrefix: Buffer = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
