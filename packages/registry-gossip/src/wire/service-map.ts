import { ServiceError } from '@tenon/contract';
import { type Origin, originOf } from './update.js';

/** One entry of an exchanged state. */
export interface MapEntry {
  readonly service: string;
  readonly nodeId: string;
  readonly origin: Origin | undefined;
  /** The JSON of the service with this node alone. Made when it is asked for: most entries are known already. */
  readonly json: () => Buffer;
}

/** What is written of one entry. */
export interface WritableEntry {
  readonly service: string;
  readonly origin: Origin | undefined;
  readonly json: Buffer;
}

/** The state as go-micro exchanges it: JSON, the services by name; ours with a field `tenon` in each that says whose it is. */
export function writeServiceMap(entries: Iterable<WritableEntry>, maxBytes: number): Buffer {
  const services = new Map<string, string[]>();
  let bytes = 2;
  for (const { service, origin, json } of entries) {
    const text = origin === undefined ? json.toString() : withOrigin(json, origin);
    bytes += Buffer.byteLength(text) + service.length + 8;
    // What is left out travels by messages, and with another exchange.
    if (bytes > maxBytes) break;
    const list = services.get(service) ?? [];
    services.set(service, list);
    list.push(text);
  }
  const members = [...services].map(([name, list]) => `${JSON.stringify(name)}:[${list.join(',')}]`);
  return Buffer.from(`{${members.join(',')}}`);
}

/** Reads what anybody may have written; an entry that is wrong is told to `onBad`, the others are handed out. */
export function* readServiceMap(bytes: Buffer, onBad: (thrown: unknown) => void): Generator<MapEntry> {
  const map = parsed(bytes);
  for (const services of Object.values(map)) {
    if (!Array.isArray(services)) continue;
    for (const service of services) {
      try {
        yield* entriesOf(service);
      } catch (thrown) {
        onBad(thrown);
      }
    }
  }
}

/** go-micro puts all nodes of a version into one. */
function entriesOf(value: unknown): readonly MapEntry[] {
  const { tenon, ...service } = objectOf(value);
  const nodes = service['nodes'];
  if (!Array.isArray(nodes)) return [];
  const { owner, stamp, ttl } = tenon === undefined ? {} : objectOf(tenon);
  const origin = originOf(owner, stamp, ttl);
  return nodes.map((node: unknown) => ({
    service: String(service['name']),
    nodeId: String(objectOf(node)['id']),
    origin,
    json: () => Buffer.from(JSON.stringify({ ...service, nodes: [node] })),
  }));
}

function withOrigin(json: Buffer, { owner, stamp, ttlMs }: Origin): string {
  const text = json.toString();
  const origin = JSON.stringify({ owner, stamp, ttl: Math.round(ttlMs) });
  return `${text.slice(0, -1)},"tenon":${origin}}`;
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new ServiceError('DataLoss', 'an exchanged gossip state is not JSON by service', { cause, executed: 'no' });
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw ServiceError.refusal('DataLoss', 'malformed gossip entry: it is not an object', { executed: 'no' });
}
