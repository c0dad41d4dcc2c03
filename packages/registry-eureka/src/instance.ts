import type { Node, ServiceRecord } from '@tenon/contract';
import { joinHostAndPort, recordFrom, splitHostAndPort } from '@tenon/contract/authoring';

/** One element of an application, and what is posted to register. Not checked where it was read: anybody may have registered it. */
export interface Instance {
  readonly instanceId?: unknown;
  readonly app?: unknown;
  readonly hostName?: unknown;
  readonly ipAddr?: unknown;
  readonly vipAddress?: unknown;
  readonly status?: unknown;
  readonly overriddenstatus?: unknown;
  readonly overriddenStatus?: unknown;
  readonly port?: unknown;
  readonly metadata?: unknown;
  readonly actionType?: unknown;
  readonly leaseInfo?: unknown;
  /** When whoever registered it last changed it, in milliseconds since 1970. */
  readonly lastDirtyTimestamp?: unknown;
}

/** How a record of one node is registered. */
export function instanceOf(
  record: ServiceRecord,
  node: Node,
  ttlMs: number,
  zone: string,
): Readonly<Record<string, unknown>> {
  const [host, port] = splitHostAndPort(node.address);
  return {
    instanceId: instanceIdOf(record.name, node.id),
    app: appOf(record.name),
    hostName: host,
    ipAddr: host,
    vipAddress: record.name,
    secureVipAddress: record.name,
    status: 'UP',
    overriddenstatus: 'UNKNOWN',
    port: { $: port, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: {
      renewalIntervalInSecs: Math.max(1, Math.floor(ttlMs / 3_000)),
      durationInSecs: Math.max(1, Math.ceil(ttlMs / 1_000)),
    },
    metadata: metadataOf(record, node, zone, joinHostAndPort(host, port) === node.address),
  };
}

/**
 * The id of an application. Eureka turns it to capitals, and paths carry it: what is no letter, digit, dash, dot or underscore stands
 * there as `~` and its bytes in hex. The whole name is in the metadata.
 */
export function appOf(service: string): string {
  return safe(service, /[^A-Za-z0-9._-]/gu).toUpperCase();
}

/** The id of an instance within its application, which services share whose names differ in capitals alone. */
export function instanceIdOf(service: string, nodeId: string): string {
  return safe(nodeId.startsWith(`${service}-`) ? nodeId : `${service}:${nodeId}`, /[^A-Za-z0-9._:-]/gu);
}

/** Whether it may be called: an operator's word goes before its own. */
export function isUp({ status, overriddenstatus, overriddenStatus }: Instance): boolean {
  const override = overriddenstatus ?? overriddenStatus ?? 'UNKNOWN';
  return status === 'UP' && (override === 'UP' || override === 'UNKNOWN');
}

/** Whether it says less than what is known of the same instance; false where one of the two does not say when it was changed. */
export function isOlder({ lastDirtyTimestamp }: Instance, known: Instance | undefined): boolean {
  return Number(lastDirtyTimestamp) < Number(known?.lastDirtyTimestamp);
}

/** When the server took its registration, in milliseconds since 1970: again where it had forgotten it. NaN where it does not say. */
export function registeredAtMs({ leaseInfo }: Instance): number {
  return Number(Object(leaseInfo).registrationTimestamp);
}

/**
 * The record of an instance. One of Spring is named by its `vipAddress`, has its metadata as that of the node, and version `''` unless its
 * metadata says one.
 *
 * @throws where a part of it is malformed.
 */
export function recordOf(instance: Instance): ServiceRecord {
  const metadata: Readonly<Record<string, unknown>> = Object(instance.metadata);
  const isOfGoMicro = typeof metadata['endpoints'] === 'string';
  const json = (key: string): unknown => (typeof metadata[key] === 'string' ? JSON.parse(metadata[key]) : undefined);
  return recordFrom({
    name: metadata['service'] ?? nameOf(instance),
    version: metadata['version'] ?? '',
    metadata: json('service-metadata'),
    endpoints: isOfGoMicro ? json('endpoints') : [],
    nodes: [
      {
        id: (isOfGoMicro ? metadata['instanceId'] : undefined) ?? instance.instanceId ?? instance.hostName,
        address: metadata['address'] ?? addressOf(instance),
        metadata: isOfGoMicro ? json('metadata') : texts(metadata),
      },
    ],
  });
}

/** The keys are go-micro's, but `service`, `service-metadata`, `address` and `zone`. Maps and lists are JSON: the values are text. */
function metadataOf(
  record: ServiceRecord,
  node: Node,
  zone: string,
  isWhole: boolean,
): Readonly<Record<string, string>> {
  return {
    service: record.name,
    version: record.version,
    instanceId: node.id,
    endpoints: JSON.stringify(record.endpoints),
    metadata: JSON.stringify(node.metadata),
    'service-metadata': JSON.stringify(record.metadata),
    zone: node.metadata['zone'] ?? zone,
    ...(isWhole ? {} : { address: node.address }),
  };
}

function nameOf({ vipAddress, app }: Instance): unknown {
  const [first = ''] = typeof vipAddress === 'string' ? vipAddress.split(',') : [];
  return first !== '' && !/:\d+$/.test(first) ? first : String(app ?? '').toLowerCase();
}

/** go-micro writes the port into `ipAddr` too. */
function addressOf({ ipAddr, hostName, port }: Instance): string {
  const host = String((ipAddr === '' ? undefined : ipAddr) ?? hostName ?? '');
  if (/^(?:\[.+\]|[^:]+):\d{1,5}$/.test(host)) return host;
  return joinHostAndPort(host, Number(typeof port === 'object' && port !== null ? Reflect.get(port, '$') : port));
}

/** Java writes `@class` beside the pairs of a map that is empty. */
function texts(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(metadata).filter(([key, value]) => key !== '@class' && typeof value === 'string');
  return Object.fromEntries(pairs) as Record<string, string>;
}

function safe(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (character) => `~${Buffer.from(character).toString('hex')}`);
}
