import { createHash } from 'node:crypto';
import type { Node, ServiceRecord } from '@tenon/contract';
import { recordFrom } from '@tenon/contract/authoring';
import type { DnsRecord, ServiceTarget } from './dns-record.js';
import { addressOf, targetOf } from './node-address.js';
import { maxLabelBytes } from './record-names.js';

/** What ordinary browsers of DNS-SD (RFC 6763) look for. */
export const browserDomain = '_tenon._tcp.local';

/** The name of a node for browsers: `greeter-3f2a@greeter._tenon._tcp.local`. `again` tells it from others that had it first. */
export function browserInstance(id: string, service: string, again: number): string {
  const ending = again === 0 ? '' : ` (${again + 1})`;
  // One label: a dot would end it.
  const whole = `${id}@${service}`.replaceAll('.', '-').replaceAll('\\', '-');
  const print = createHash('sha256').update(whole).digest('hex').slice(0, 12);
  const fits = Buffer.byteLength(whole + ending) <= maxLabelBytes && Buffer.from(whole).toString() === whole;
  return `${fits ? whole : `node-${print}`}${ending}.${browserDomain}`;
}

/** The records of one node for browsers. Only what identifies it: `tenon=1` tells Tenon's readers that go-micro's form says more. */
export function browserRecords(instance: string, record: ServiceRecord, node: Node, ttl: number): readonly DnsRecord[] {
  const { target, host } = targetOf(node.address, ttl);
  return [
    { name: '_services._dns-sd._udp.local', type: 'PTR', ttl, data: browserDomain },
    { name: browserDomain, type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, flush: true, data: { priority: 0, weight: 0, ...target } },
    { name: instance, type: 'TXT', ttl, flush: true, data: pairsOf(record, node) },
    ...(host === undefined ? [] : [{ ...host, flush: true }]),
  ];
}

/**
 * The record of an instance that somebody else published, by the pairs of its TXT record: `service` says what it offers, `version` and `id`
 * (by default its name) what they say, and every other pair is metadata of the node.
 *
 * @returns undefined where it is one of Tenon's own, or while the address of its host is not known.
 * @throws ServiceError `DataLoss` where it cannot be used.
 */
export function readBrowser(
  instance: string,
  target: ServiceTarget,
  strings: readonly Buffer[],
  addresses: readonly string[],
): ServiceRecord | undefined {
  const pairs = new Map(strings.flatMap(pairOf));
  if (pairs.has('tenon')) return undefined;
  const address = addressOf(target, addresses);
  if (address === undefined && target.port !== 0) return undefined;
  const {
    service,
    version = '',
    id = instance.slice(0, -browserDomain.length - 1),
    ...metadata
  } = Object.fromEntries(pairs);
  delete metadata['txtvers'];
  return recordFrom({ name: service, version, metadata: null, endpoints: null, nodes: [{ id, address, metadata }] });
}

/** Whether a TXT record is of a node that stands in go-micro's form as well. */
export function isTenons(strings: readonly Buffer[]): boolean {
  return strings.some((string) => string.toString() === 'tenon=1');
}

/** What does not fit is left out: a pair has 255 bytes at most, and all of them should stay below one packet. */
function pairsOf({ name, version }: ServiceRecord, node: Node): readonly Buffer[] {
  const all = { txtvers: '1', tenon: '1', service: name, version, id: node.id, ...node.metadata };
  let left = 1_000;
  return Object.entries(all).flatMap(([key, value]) => {
    const pair = Buffer.from(`${key}=${value}`);
    if (pair.length > 255 || pair.length + 1 > left || key.includes('=')) return [];
    left -= pair.length + 1;
    return [pair];
  });
}

function pairOf(string: Buffer): readonly (readonly [string, string])[] {
  const text = string.toString();
  const at = text.indexOf('=');
  if (at === 0 || text === '') return [];
  return [at < 0 ? [text.toLowerCase(), ''] : [text.slice(0, at).toLowerCase(), text.slice(at + 1)]];
}
