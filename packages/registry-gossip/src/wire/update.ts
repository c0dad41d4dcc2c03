import { ServiceError } from '@tenon/contract';
import { type ProtoField, readProto, writeProto } from './protobuf.js';

/** What Tenon adds for its own: go-micro passes over it. */
export interface Origin {
  /** The name of the member that registered it. */
  readonly owner: string;
  /** Grows with every message of that member about this entry. */
  readonly stamp: number;
  /** How long it lives from when it is heard, in milliseconds: no two wall clocks have to agree. */
  readonly ttlMs: number;
}

/** One message about one service entry, go-micro's `Update`. */
export interface Update {
  readonly action: 'create' | 'delete';
  /** The time when it ends, in milliseconds since 1970 by the wall clock of who wrote it; 0: none is told. */
  readonly expiresAt: number;
  /** Absent where go-micro wrote it. */
  readonly origin: Origin | undefined;
  /** The JSON of a service with its nodes. */
  readonly data: Buffer;
}

/** The bytes of go-micro's `Update`: expires 1, type 2, action 3, metadata 6, data 7. */
export function writeUpdate({ action, expiresAt, origin, data }: Update): Buffer {
  const metadata: Record<string, string> = { 'Content-Type': 'application/json' };
  if (origin !== undefined) {
    metadata[ownerKey] = origin.owner;
    metadata[stampKey] = String(origin.stamp);
    metadata[ttlKey] = String(Math.round(origin.ttlMs));
  }
  return writeProto([
    ...(expiresAt === 0 ? [] : [{ number: 1, varint: BigInt(Math.round(expiresAt)) * 1_000_000n }]),
    { number: 2, varint: serviceType },
    { number: 3, varint: action === 'create' ? createAction : deleteAction },
    ...Object.entries(metadata).map(([key, value]) => ({ number: 6, bytes: writePair(key, value) })),
    { number: 7, bytes: data },
  ]);
}

/** Undefined where it is about something else. Throws `DataLoss`. */
export function readUpdate(bytes: Buffer): Update | undefined {
  const fields = readProto(bytes);
  const metadata = readPairs(fields);
  const action = varintOf(fields, 3);
  if (varintOf(fields, 2) !== serviceType || metadata.get('Content-Type') !== 'application/json') return undefined;
  if (action !== createAction && action !== deleteAction) return undefined;
  return {
    action: action === createAction ? 'create' : 'delete',
    expiresAt: Number(varintOf(fields, 1) / 1_000_000n),
    origin: originOf(metadata.get(ownerKey), metadata.get(stampKey), metadata.get(ttlKey)),
    data: bytesOf(fields, 7),
  };
}

/** What stands about the origin, checked; undefined where nothing does. Throws `DataLoss` where it is wrong. */
export function originOf(owner: unknown, stampText: unknown, ttlText: unknown): Origin | undefined {
  if (owner === undefined) return undefined;
  const stamp = Number(stampText);
  const ttlMs = Number(ttlText);
  const isStamp = Number.isSafeInteger(stamp) && stamp > 0;
  if (typeof owner === 'string' && owner.length <= 128 && isStamp && ttlMs >= 0 && ttlMs <= maxTtlMs) {
    return { owner, stamp, ttlMs };
  }
  throw malformedUpdate('it does not say rightly whose it is');
}

function writePair(key: string, value: string): Buffer {
  return writeProto([
    { number: 1, bytes: Buffer.from(key) },
    { number: 2, bytes: Buffer.from(value) },
  ]);
}

function readPairs(fields: readonly ProtoField[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const field of fields) {
    if (field.number !== 6 || !('bytes' in field)) continue;
    const pair = readProto(field.bytes);
    pairs.set(bytesOf(pair, 1).toString(), bytesOf(pair, 2).toString());
  }
  return pairs;
}

function varintOf(fields: readonly ProtoField[], number: number): bigint {
  const field = fields.findLast((one) => one.number === number);
  return field !== undefined && 'varint' in field ? field.varint : 0n;
}

function bytesOf(fields: readonly ProtoField[], number: number): Buffer {
  const field = fields.findLast((one) => one.number === number);
  return field !== undefined && 'bytes' in field ? field.bytes : Buffer.alloc(0);
}

function malformedUpdate(what: string): ServiceError {
  return ServiceError.refusal('DataLoss', `malformed gossip entry: ${what}`, { executed: 'no' });
}

const ownerKey = 'Tenon-Owner';
const stampKey = 'Tenon-Stamp';
const ttlKey = 'Tenon-Ttl';
const serviceType = 1n;
const createAction = 1n;
const deleteAction = 2n;
/** The seam's longest time to live. */
const maxTtlMs = 24 * 3_600_000;
