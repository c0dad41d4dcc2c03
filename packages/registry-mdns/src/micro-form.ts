import type { Metadata, Node, ServiceRecord } from '@tenon/contract';
import { encodeRecord, recordFrom } from '@tenon/contract/authoring';
import type { DnsRecord, ServiceTarget } from './dns-record.js';
import { addressOf, targetOf } from './node-address.js';
import { instanceName, isPlain, microDomain, serviceDomain, servicesDomain } from './record-names.js';
import { textStringsOf, valueOfStrings } from './txt-strings.js';

/** The records of one node in go-micro's form, in the order in which go-micro sends them. */
export function microRecords(record: ServiceRecord, node: Node, ttl: number): readonly DnsRecord[] {
  const instance = instanceName(node.id, record.name);
  const { target, host } = targetOf(node.address, ttl);
  return [
    { name: serviceDomain(record.name), type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, data: { priority: 10, weight: 1, ...target } },
    ...(host === undefined ? [] : [host]),
    { name: instance, type: 'TXT', ttl, data: textStringsOf(textOf(record, node, target, host)) },
  ];
}

/** By which go-micro lists services: an instance of `_services` for each, with an address that nobody dials. */
export function markerRecords(service: string, ttl: number): readonly DnsRecord[] {
  const name = serviceDomain(service).replace(new RegExp(`${microDomain}$`), servicesDomain);
  const host = `tenon-services.${servicesDomain}`;
  return [
    { name: servicesDomain, type: 'PTR', ttl, data: name },
    { name, type: 'SRV', ttl, data: { priority: 10, weight: 1, target: host, port: 9_999 } },
    { name: host, type: 'A', ttl, data: '0.0.0.0' },
    { name, type: 'TXT', ttl, data: [Buffer.alloc(0)] },
  ];
}

/**
 * The record of an instance, from its SRV and TXT records; undefined while the address of its host is not known.
 *
 * @throws ServiceError `DataLoss` where it cannot be used.
 */
export function readMicro(
  instance: string,
  target: ServiceTarget,
  text: MicroText,
  addresses: readonly string[],
): ServiceRecord | undefined {
  const suffix = `.${serviceDomain(text.name)}`;
  const address = text.own.address ?? addressOf(target, addresses);
  if (address === undefined && target.port !== 0) return undefined;
  const id = text.own.id ?? (instance.endsWith(suffix) ? instance.slice(0, -suffix.length) : undefined);
  return recordFrom({
    name: text.name,
    version: text.version,
    metadata: text.own.metadata ?? null,
    endpoints: text.endpoints,
    nodes: [{ id, address, metadata: text.metadata }],
  });
}

/** What a TXT record says, not checked yet beyond its outline. */
export interface MicroText {
  readonly name: string;
  readonly version: unknown;
  readonly metadata: unknown;
  readonly endpoints: unknown;
  readonly own: { readonly id?: unknown; readonly address?: unknown; readonly metadata?: unknown };
}

/** @throws ServiceError `DataLoss` where it is none. */
export function readMicroText(strings: readonly Buffer[]): MicroText {
  const value = valueOfStrings(strings);
  const text = Object(value) as Readonly<Record<string, unknown>>;
  return {
    // `recordFrom` says what is wrong with a name that is none.
    name: typeof text['Service'] === 'string' ? text['Service'] : '',
    version: text['Version'],
    metadata: text['Metadata'],
    endpoints: text['Endpoints'],
    own: Object(text['Tenon']) as MicroText['own'],
  };
}

/** go-micro's fields in its order, and under `Tenon`, which it passes over, what would be lost otherwise. */
function textOf(record: ServiceRecord, node: Node, target: ServiceTarget, host: DnsRecord | undefined): object {
  const { endpoints, metadata, nodes } = JSON.parse(encodeRecord(record).toString()) as Encoded;
  const own = {
    ...(isPlain(node.id, 100) ? {} : { id: node.id }),
    ...(addressOf(target, typeof host?.data === 'string' ? [host.data] : []) === node.address
      ? {}
      : { address: node.address }),
    ...(metadata === null ? {} : { metadata }),
  };
  return {
    Service: record.name,
    Version: record.version,
    Endpoints: endpoints,
    Metadata: nodes[0]?.metadata ?? {},
    ...(Object.keys(own).length === 0 ? {} : { Tenon: own }),
  };
}

interface Encoded {
  readonly endpoints: readonly object[];
  readonly metadata: Metadata | null;
  readonly nodes: readonly { readonly metadata: Metadata }[];
}
