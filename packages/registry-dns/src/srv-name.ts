/**
 * The name of a service's SRV records in a domain; undefined for a service whose name DNS cannot have: it takes 1 to 62 letters,
 * digits, `-` and `_` (a label has 63 octets, one of which is the underscore in front).
 *
 * Source: RFC 2782, "A DNS RR for specifying the location of services (DNS SRV)".
 */
export function srvNameOf(service: string, domain: string): string | undefined {
  return /^[\w-]{1,62}$/.test(service) ? `_${service}._tcp.${domain}` : undefined;
}

/** Labels of 1 to 63 octets, 253 in all, as DNS has them. */
export function isDnsName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 253 && /^[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/.test(value);
}
