import { type Metadata, noMetadata } from '../../metadata.js';
import type { Node } from '../../node.js';
import { ServiceError } from '../../service-error.js';
import type { EndpointRecord, ServiceRecord, ValueRecord } from '../../service-record.js';

/** No record larger than this is written or read: back ends refuse requests of about 1 MiB, etcd those over 1.5. */
export const maxRecordBytes = 512 * 1_024;

/**
 * What a registry keeps of one node: the JSON of its record, byte for byte as go-micro writes it (fields in the order of its
 * structs, maps sorted by key, an empty map of the service as `null`).
 */
export function encodeRecord({ name, version, metadata, endpoints, nodes }: ServiceRecord): Buffer {
  const value = {
    name,
    version,
    metadata: Object.keys(metadata).length === 0 ? null : sorted(metadata),
    endpoints: endpoints.map((endpoint) => ({
      request: encodeValue(endpoint.request),
      response: encodeValue(endpoint.response),
      metadata: sorted(endpoint.metadata),
      name: endpoint.name,
    })),
    nodes: nodes.map((node) => ({ metadata: sorted(node.metadata), id: node.id, address: node.address })),
  };
  return Buffer.from(JSON.stringify(value));
}

/**
 * The same of a record that is to be registered.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, where it is larger than {@link maxRecordBytes}.
 */
export function encodeCheckedRecord(record: ServiceRecord): Buffer {
  const value = encodeRecord(record);
  if (value.length <= maxRecordBytes) return value;
  const message = `the record of ${record.name} has ${value.length} bytes; the limit is ${maxRecordBytes}`;
  throw new ServiceError('InvalidArgument', message, { executed: 'no' });
}

/**
 * Reads a value that anybody may have written. `null` stands for an empty map or list, fields that are not known are
 * left out, and everything is checked and copied: the result is frozen, its maps have no prototype.
 *
 * @throws ServiceError `DataLoss` that says what is wrong with it.
 */
export function decodeRecord(value: Buffer): ServiceRecord {
  if (value.length > maxRecordBytes) throw malformed(`it has ${value.length} bytes, more than ${maxRecordBytes}`);
  return recordFrom(parsed(value));
}

/**
 * The same of a value that is no longer text, for back ends that keep a record in pieces.
 *
 * @throws ServiceError `DataLoss` that says what is wrong with it.
 */
export function recordFrom(value: unknown): ServiceRecord {
  const service = objectAt('the value', value);
  const nodes = listAt('nodes', service['nodes']);
  if (nodes.length !== 1) throw malformed(`it has ${nodes.length} nodes, not one`);
  return Object.freeze({
    name: nameAt('name', service['name']),
    version: textAt('version', service['version']),
    metadata: metadataAt('metadata', service['metadata']),
    endpoints: Object.freeze(listAt('endpoints', service['endpoints']).map(decodeEndpoint)),
    nodes: Object.freeze(nodes.map(decodeNode)),
  });
}

/** What is looked for in names and ids: they become parts of keys, log lines and addresses. */
export function isRegistryName(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
  return typeof value === 'string' && value.length > 0 && value.length <= 256 && !/[\u0000-\u001f\u007f]/.test(value);
}

/** Go writes the keys of a map in order; equal records are equal bytes. */
function sorted(metadata: Metadata): Metadata {
  const copy: Record<string, string> = Object.create(null);
  for (const key of Object.keys(metadata).sort()) copy[key] = metadata[key] ?? '';
  return copy;
}

function encodeValue(value: ValueRecord | null): ValueRecord | null {
  return value === null ? null : encodeFields(value);
}

function encodeFields({ name, type, values }: ValueRecord): ValueRecord {
  return { name, type, values: values?.map(encodeFields) ?? null };
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
}

function decodeNode(value: unknown): Node {
  const node = objectAt('nodes[0]', value);
  return Object.freeze({
    id: nameAt('nodes[0].id', node['id']),
    address: nameAt('nodes[0].address', node['address']),
    metadata: metadataAt('nodes[0].metadata', node['metadata']),
  });
}

function decodeEndpoint(value: unknown, index: number): EndpointRecord {
  const where = `endpoints[${index}]`;
  const endpoint = objectAt(where, value);
  return Object.freeze({
    name: textAt(`${where}.name`, endpoint['name']),
    request: decodeValue(`${where}.request`, endpoint['request'], 0),
    response: decodeValue(`${where}.response`, endpoint['response'], 0),
    metadata: metadataAt(`${where}.metadata`, endpoint['metadata']),
  });
}

/** go-micro describes at most three levels; the bound only keeps a hostile value off the stack. */
function decodeValue(where: string, value: unknown, depth: number): ValueRecord | null {
  if (value === null || value === undefined) return null;
  if (depth > 8) throw malformed(`${where} is nested too deep`);
  const { name, type, values } = objectAt(where, value);
  const nested = values === null || values === undefined ? null : listAt(`${where}.values`, values);
  return Object.freeze({
    name: textAt(`${where}.name`, name),
    type: textAt(`${where}.type`, type),
    values: nested && decodeValues(`${where}.values`, nested, depth + 1),
  });
}

function decodeValues(where: string, values: readonly unknown[], depth: number): readonly ValueRecord[] {
  return values.length === 0
    ? noValues
    : Object.freeze(values.flatMap((item) => decodeValue(where, item, depth) ?? []));
}

function metadataAt(where: string, value: unknown): Metadata {
  if (value === null || value === undefined) return noMetadata;
  const pairs = objectAt(where, value);
  const keys = Object.keys(pairs);
  if (keys.length === 0) return noMetadata;
  const copy: Record<string, string> = Object.create(null);
  for (const key of keys) {
    const text = pairs[key];
    if (typeof text !== 'string') throw malformed(`${where} of ${JSON.stringify(key)} is not text`);
    copy[key] = text;
  }
  return Object.freeze(copy);
}

function objectAt(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(`${where} is not an object`);
}

function listAt(where: string, value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw malformed(`${where} is not a list`);
}

function textAt(where: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw malformed(`${where} is not text`);
}

function nameAt(where: string, value: unknown): string {
  if (isRegistryName(value)) return value;
  throw malformed(`${where} is not text of 1 to 256 characters without control characters`);
}

function malformed(what: string, cause?: unknown): ServiceError {
  return new ServiceError('DataLoss', `malformed registry entry: ${what}`, { cause, executed: 'no' });
}

/** One for all, as `noMetadata` is: most of the maps and lists in a record are empty, and of each record there are as many as nodes. */
const noValues: readonly ValueRecord[] = Object.freeze([]);
