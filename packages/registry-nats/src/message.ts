import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { ServiceError, type ServiceRecord } from '@tenon/contract';
import { decodeRecord, maxRecordBytes } from '@tenon/contract/authoring';

/** A question, or what a node tells of itself. */
export interface Told {
  readonly action: string;
  readonly records: readonly ServiceRecord[];
  /** The name asked for. */
  readonly name: string | undefined;
}

/** The question for one service, or for all, byte for byte as go-micro writes it. */
export function question(name: string | undefined): string {
  if (name === undefined) return '{"Service":null,"Action":"list"}';
  const service = { name, version: '', metadata: null, endpoints: null, nodes: null };
  return JSON.stringify({ Service: service, Action: 'get' });
}

/** What a node tells when it comes, renews or goes. */
export function announcement(action: 'create' | 'delete', value: Buffer): string {
  return `{"Service":${value.toString()},"Action":"${action}"}`;
}

/** Says beside the message how long it counts. go-micro neither reads nor writes it. */
export function ttlHeaders(ttlMs: number): MsgHdrs {
  const fields = headers();
  fields.set(ttlField, String(Math.ceil(ttlMs)));
  return fields;
}

/** How long a message counts, where it says so and in range. */
export function ttlOf(message: Msg): number | undefined {
  const ttlMs = Number(message.headers?.get(ttlField) || Number.NaN);
  return ttlMs >= 1_000 && ttlMs <= 24 * 3_600_000 ? ttlMs : undefined;
}

/** @throws ServiceError `DataLoss` that says what is wrong with it. */
export function readTold(data: Uint8Array): Told {
  const value = objectIn(data);
  const service: { readonly name?: unknown } = Object(value['Service']);
  const action = typeof value['Action'] === 'string' ? value['Action'] : '';
  const isQuestion = action === 'get' || action === 'list';
  return {
    action,
    name: typeof service.name === 'string' ? service.name : undefined,
    records: isQuestion ? [] : recordsOf(value['Service'], data.length),
  };
}

/** @throws ServiceError `DataLoss` that says what is wrong with it. */
export function readAnswer(data: Uint8Array): readonly ServiceRecord[] {
  return recordsOf(objectIn(data), data.length);
}

/** One record for each node: a process of go-micro tells of all of its nodes of one version in one message. */
function recordsOf(service: unknown, bytes: number): readonly ServiceRecord[] {
  if (bytes > maxRecordBytes) throw malformed(`it has ${bytes} bytes, more than ${maxRecordBytes}`);
  if (typeof service !== 'object' || service === null) throw malformed('it has no service');
  const { nodes } = service as { readonly nodes?: unknown };
  if (!Array.isArray(nodes)) throw malformed('it has no nodes');
  if (nodes.length > maxNodes) throw malformed(`it has ${nodes.length} nodes, more than ${maxNodes}`);
  return nodes.map((node) => decodeRecord(Buffer.from(JSON.stringify({ ...service, nodes: [node] }))));
}

function objectIn(data: Uint8Array): Readonly<Record<string, unknown>> {
  if (data.length > maxMessageBytes) throw malformed(`it has ${data.length} bytes, more than ${maxMessageBytes}`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString());
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('it is not an object');
  return value as Record<string, unknown>;
}

function malformed(what: string, cause?: unknown): ServiceError {
  return new ServiceError('DataLoss', `malformed registry message: ${what}`, { cause, executed: 'no' });
}

const ttlField = 'Tenon-Ttl-Ms';
const maxMessageBytes = maxRecordBytes + 1_024;
/** Of one version in one process. */
const maxNodes = 64;
