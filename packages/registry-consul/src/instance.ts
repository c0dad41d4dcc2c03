import type { Node, ServiceRecord } from '@tenon/contract';
import { joinHostAndPort, recordFrom, splitHostAndPort } from '@tenon/contract/authoring';
import { goDuration } from './go-duration.js';
import { decodeTags, encodeTags } from './service-tags.js';

/** What an agent is told of one node: the body of `PUT /v1/agent/service/register`. */
export interface AgentRegistration {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Check: {
    readonly TTL: string;
    readonly DeregisterCriticalServiceAfter: string;
    readonly Status: 'passing';
  };
}

/** One element of `GET /v1/health/service/NAME`. Not checked: anybody may have registered it. */
export interface Instance {
  readonly Node?: { readonly Node?: unknown; readonly Address?: unknown } | null;
  readonly Service?: {
    readonly ID?: unknown;
    readonly Service?: unknown;
    readonly Address?: unknown;
    readonly Port?: unknown;
    readonly Tags?: unknown;
  } | null;
  readonly Checks?: readonly ({ readonly Status?: unknown } | null)[] | null;
}

/** How a record of one node is registered. */
export function registrationOf(
  record: ServiceRecord,
  { id, address, metadata }: Node,
  ttlMs: number,
): AgentRegistration {
  const [host, port] = splitHostAndPort(address);
  const isWhole = joinHostAndPort(host, port) === address;
  return {
    ID: serviceIdOf(record.name, id),
    Name: record.name,
    Address: host,
    Port: port,
    Tags: encodeTags(record, { metadata: record.metadata, address: isWhole ? undefined : address }),
    Meta: Object.fromEntries(Object.entries(metadata).filter(fitsMeta).slice(0, maxMetaPairs)),
    Check: {
      TTL: goDuration(ttlMs),
      // As go-micro asks; Consul takes no less than a minute.
      DeregisterCriticalServiceAfter: goDuration(Math.max(ttlMs + 5_000, 65_000)),
      Status: 'passing',
    },
  };
}

/**
 * The id of an instance at its agent, where ids are unique whatever the service: the node's own where it begins with the name of the
 * service, as those of Tenon and go-micro do, else with that name in front.
 */
export function serviceIdOf(service: string, nodeId: string): string {
  return nodeId.startsWith(`${service}-`) ? nodeId : `${service}:${nodeId}`;
}

/** Whether it may be called: no check of it, or of its machine, is critical. */
export function isAlive({ Checks: checks }: Instance): boolean {
  return (checks ?? []).every((check) => check?.Status !== 'critical');
}

/**
 * The record of an instance. One without tags of go-micro's is a node all the same, of version `''`.
 *
 * @throws where a part of it is malformed.
 */
export function recordOf({ Node: machine, Service: service }: Instance): ServiceRecord {
  const name = service?.Service;
  const id = service?.ID;
  const tags = decodeTags(Array.isArray(service?.Tags) ? service.Tags : []);
  const own: { metadata?: unknown; address?: unknown } = Object(tags.own);
  const host = service?.Address === '' ? machine?.Address : (service?.Address ?? machine?.Address);
  const prefix = `${String(name)}:`;
  return recordFrom({
    name,
    version: tags.version,
    metadata: own.metadata,
    endpoints: tags.endpoints,
    nodes: [
      {
        id: typeof id === 'string' && id.startsWith(prefix) ? id.slice(prefix.length) : id,
        address: own.address ?? joinHostAndPort(String(host ?? ''), Number(service?.Port)),
        metadata: tags.metadata,
      },
    ],
  });
}

/** Consul refuses a registration with any other pair; the whole of the metadata is in the tags. */
function fitsMeta([key, value]: readonly [string, string]): boolean {
  return /^[A-Za-z0-9_-]{1,128}$/.test(key) && !key.startsWith('consul-') && Buffer.byteLength(value) <= 512;
}

const maxMetaPairs = 64;
