/**
 * A node's `host:port` in two, for back ends that keep them apart; an address of IPv6 loses its brackets. What has no such port
 * is a host with port 0: whether {@link joinHostAndPort} brings the text back tells whether anything was lost.
 */
export function splitHostAndPort(address: string): readonly [host: string, port: number] {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? [address, 0] : [host, port];
}

/** `host:port`, an address of IPv6 in brackets; the host alone where there is no port. */
export function joinHostAndPort(host: string, port: number): string {
  if (!(port > 0)) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
