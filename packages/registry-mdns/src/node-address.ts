import { isIP } from 'node:net';
import type { DnsRecord, ServiceTarget } from './dns-record.js';
import { hostNameOf } from './record-names.js';

/** What an address becomes in DNS: a target, and the record of its host where that is an IP address. */
export function targetOf(
  address: string,
  ttl: number,
): { readonly target: ServiceTarget; readonly host: DnsRecord | undefined } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = parts?.[1] ?? parts?.[2] ?? '';
  const port = Number(parts?.[3] ?? 0);
  const family = isIP(host);
  if (port > 65_535 || host === '' || !hostForm.test(host))
    return { target: { target: hostNameOf('0'), port: 0 }, host: undefined };
  if (family === 0) return { target: { target: host, port }, host: undefined };
  const name = hostNameOf(host);
  return {
    target: { target: name, port },
    host: { name, type: family === 4 ? 'A' : 'AAAA', ttl, data: host },
  };
}

/** The address that a target means; undefined while the address of its host is not known. */
export function addressOf({ target, port }: ServiceTarget, addresses: readonly string[]): string | undefined {
  if (port === 0) return undefined;
  const [known] = addresses;
  if (known !== undefined) return known.includes(':') ? `[${known}]:${port}` : `${known}:${port}`;
  // A name that DNS knows, and not only this link.
  return /\.local$/i.test(target) || !target.includes('.') ? undefined : `${target}:${port}`;
}

const hostForm = /^[\w.:-]{1,200}$/;
