import { type Metadata, type Node, nodeMetadata, ServiceError, type ServiceRecord } from '@tenon/contract';
import { groupedByVersion, isRegistryName } from '@tenon/contract/authoring';

/** One node of a list. */
export interface StaticNode {
  /** Where to dial it: `host:port`. */
  readonly address: string;
  /** Unique within its service. Default: the address. */
  readonly id?: string | undefined;
  /** Default `latest`, as in go-micro. */
  readonly version?: string | undefined;
  /** Labels, such as its zone. Default none. */
  readonly metadata?: Metadata | undefined;
}

/** The nodes of each service, by the service's name; an address alone stands for a node. */
export type StaticFleet = Readonly<Record<string, readonly (string | StaticNode)[]>>;

/**
 * The records of a list, by service, copied and frozen.
 *
 * @param protocols - what nodes speak that do not say so themselves.
 * @throws ServiceError `InvalidArgument` that names the service and the entry.
 */
export function recordsOf(
  fleet: StaticFleet,
  protocols: readonly string[],
): ReadonlyMap<string, readonly ServiceRecord[]> {
  const records = new Map<string, readonly ServiceRecord[]>();
  for (const [service, entries] of Object.entries(fleet)) {
    if (!isRegistryName(service)) throw invalid(`${JSON.stringify(service)} is no name of a service`);
    if (!Array.isArray(entries)) throw invalid(`the nodes of "${service}" are no list`);
    const nodes = entries.map((entry: string | StaticNode, index) => recordOf(service, entry, index, protocols));
    const twice = firstTwice(nodes.flatMap((record) => record.nodes.map(({ id }) => id)));
    if (twice !== undefined) throw invalid(`two nodes of "${service}" have the id "${twice}"`);
    if (nodes.length > 0) records.set(service, groupedByVersion(nodes));
  }
  return records;
}

function recordOf(
  service: string,
  entry: string | StaticNode,
  index: number,
  protocols: readonly string[],
): ServiceRecord {
  const node: StaticNode = typeof entry === 'string' ? { address: entry } : entry;
  const place = `node ${index + 1} of "${service}"`;
  const { address, id = address, version = 'latest', metadata = {} } = node ?? {};
  if (typeof address !== 'string' || !addressForm.test(address))
    throw invalid(`${place} has the address ${JSON.stringify(address)}; it must be host:port`);
  if (!isRegistryName(id)) throw invalid(`${place} has the id ${JSON.stringify(id)}; it must have 1 to 256 characters`);
  if (typeof version !== 'string')
    throw invalid(`${place} has the version ${JSON.stringify(version)}; it must be a text`);
  const pairs = Object.entries(metadata);
  const wrong = pairs.find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) throw invalid(`${place} has metadata "${wrong[0]}" that is no text`);
  const speaks = nodeMetadata.protocol in metadata || nodeMetadata.protocols in metadata;
  const labels: Record<string, string> = Object.create(null);
  for (const [key, value] of pairs) labels[key] = value;
  if (!speaks) labels[nodeMetadata.protocols] = protocols.join(',');
  const listed: Node = Object.freeze({ id, address, metadata: Object.freeze(labels) });
  const nothing: Metadata = Object.freeze({});
  return Object.freeze({
    name: service,
    version,
    metadata: nothing,
    endpoints: Object.freeze([]),
    nodes: Object.freeze([listed]),
  });
}

function firstTwice(ids: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return ids.find((id) => seen.size === seen.add(id).size);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', `staticRegistry: ${message}`, { executed: 'no' });
}

const addressForm = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[\w.-]+):\d{1,5}$/;
