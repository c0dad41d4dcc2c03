import { createHash } from 'node:crypto';

/** go-micro's domain. */
export const microDomain = 'micro';

/** Who is asked for it names the services there are: `<service>._services.micro`. */
export const servicesDomain = `_services.${microDomain}`;

/** Where the instances of a service are asked for: `greeter.micro`. */
export function serviceDomain(service: string): string {
  return `${nameOrHash(service, 120)}.${microDomain}`;
}

/** The name of one node: `<node id>.greeter.micro`. */
export function instanceName(id: string, service: string): string {
  return `${nameOrHash(id, 100)}.${serviceDomain(service)}`;
}

/** Whether a name or an id stands for itself in DNS; otherwise it travels in the TXT record. */
export function isPlain(text: string, maxBytes: number): boolean {
  if (Buffer.byteLength(text) > maxBytes || Buffer.from(text).toString() !== text || text.startsWith('_')) return false;
  return text.split('.').every((label) => label !== '' && Buffer.byteLength(label) <= maxLabelBytes);
}

export function nameOrHash(text: string, maxBytes: number): string {
  return isPlain(text, maxBytes) ? text : `x-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

/**
 * A host name for an address, the same on every machine that speaks of it: so two that announce the same address never contradict each other.
 */
export function hostNameOf(address: string): string {
  return `tenon-${address.replace(/[^0-9a-f]/gi, '-')}.local`;
}

/** DNS does not tell capitals from small letters. */
export function sameName(name: string): string {
  return name.toLowerCase();
}

export const maxLabelBytes = 63;
