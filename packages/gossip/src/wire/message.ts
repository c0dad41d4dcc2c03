import { MsgpackReader, malformed, type WireFields, writeFields } from './msgpack.js';

/** The first byte of each message. The numbers are memberlist's, and part of the protocol. */
export const messageType = Object.freeze({
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compressed: 9,
  encrypted: 10,
  nack: 11,
  checked: 12,
  error: 13,
});

/** "Are you there?", with the address that is to be answered. */
export interface Ping {
  readonly sequence: number;
  /** Who is asked: somebody else at that address does not answer. Empty: whoever is there. */
  readonly node: string;
  readonly sourceAddress: Buffer;
  readonly sourcePort: number;
  readonly sourceNode: string;
}

/** "Ask that one for me." */
export interface IndirectPing extends Ping {
  readonly target: Buffer;
  readonly port: number;
  /** Whether to say so when no answer came. */
  readonly wantsNack: boolean;
}

/** Somebody is suspected, or declared dead; dead from itself means that it left. */
export interface Accusation {
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/** Somebody says that it lives, at which address, with what about it. */
export interface Alive {
  readonly incarnation: number;
  readonly node: string;
  readonly address: Buffer;
  readonly port: number;
  readonly meta: Buffer;
  /** Protocol min, max, current; delegate min, max, current. */
  readonly versions: Buffer;
}

export function writePing(ping: Ping): Buffer {
  return message(messageType.ping, { SeqNo: ping.sequence, Node: ping.node, ...source(ping) });
}

export function readPing(bytes: Buffer): Ping {
  return pingOf(new MsgpackReader(bytes).fields());
}

export function pingOf(fields: WireFields): Ping {
  return { sequence: uint(fields, 'SeqNo'), node: optionalName(fields, 'Node'), ...sourceOf(fields) };
}

export function writeIndirectPing(ping: IndirectPing): Buffer {
  const { sequence, target, port, node, wantsNack } = ping;
  const own = { SeqNo: sequence, Target: target, Port: port, Node: node, Nack: wantsNack };
  return message(messageType.indirectPing, { ...own, ...source(ping) });
}

export function readIndirectPing(bytes: Buffer): IndirectPing {
  const fields = new MsgpackReader(bytes).fields();
  return {
    sequence: uint(fields, 'SeqNo'),
    target: addressBytes(fields, 'Target'),
    port: uint(fields, 'Port'),
    node: optionalName(fields, 'Node'),
    wantsNack: fields.get('Nack') === true,
    ...sourceOf(fields),
  };
}

export function writeAck(sequence: number): Buffer {
  // Go writes a slice that is nil as nil; an empty one is read alike.
  return message(messageType.ack, { SeqNo: sequence, Payload: empty });
}

export function writeNack(sequence: number): Buffer {
  return message(messageType.nack, { SeqNo: sequence });
}

/** The sequence of an ack or a nack. */
export function readSequence(bytes: Buffer): number {
  return uint(new MsgpackReader(bytes).fields(), 'SeqNo');
}

export function writeSuspect(suspect: Accusation): Buffer {
  return message(messageType.suspect, accusation(suspect));
}

export function writeDead(dead: Accusation): Buffer {
  return message(messageType.dead, accusation(dead));
}

export function readAccusation(bytes: Buffer): Accusation {
  const fields = new MsgpackReader(bytes).fields();
  return { incarnation: uint(fields, 'Incarnation'), node: name(fields, 'Node'), from: name(fields, 'From') };
}

export function writeAlive(alive: Alive): Buffer {
  return message(messageType.alive, {
    Incarnation: alive.incarnation,
    Node: alive.node,
    Addr: alive.address,
    Port: alive.port,
    Meta: alive.meta,
    Vsn: alive.versions,
  });
}

export function readAlive(bytes: Buffer): Alive {
  const fields = new MsgpackReader(bytes).fields();
  return { node: name(fields, 'Node'), ...livingFields(fields) };
}

/** What an alive message and an entry of an exchanged state share. */
export function livingFields(fields: WireFields): Omit<Alive, 'node'> {
  return {
    incarnation: uint(fields, 'Incarnation'),
    address: addressBytes(fields, 'Addr'),
    port: uint(fields, 'Port', 0xffff),
    meta: copied(fields, 'Meta', maxMetaBytes),
    versions: versions(fields),
  };
}

/** A message: its type and its struct. */
export function message(type: number, fields: Parameters<typeof writeFields>[0]): Buffer {
  return Buffer.concat([Buffer.of(type), writeFields(fields)]);
}

export function uint(fields: WireFields, field: string, max = 0xffffffff): number {
  const value = fields.get(field) ?? 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw malformed(`${field} is no whole number from 0 to ${max}`);
}

export function name(fields: WireFields, field: string): string {
  const text = optionalName(fields, field);
  if (text === '') throw malformed(`${field} is empty`);
  return text;
}

/** Copied: what is kept must not keep the packet that it came in. */
function copied(fields: WireFields, field: string, maxBytes: number): Buffer {
  const value = fields.get(field) ?? empty;
  if (!Buffer.isBuffer(value)) throw malformed(`${field} is not text or bytes`);
  if (value.length > maxBytes) throw malformed(`${field} has ${value.length} bytes, more than ${maxBytes}`);
  return Buffer.from(value);
}

function optionalName(fields: WireFields, field: string): string {
  const text = copied(fields, field, maxNameBytes).toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
  if (/[\u0000-\u001f\u007f]/.test(text)) throw malformed(`${field} has control characters`);
  return text;
}

function addressBytes(fields: WireFields, field: string): Buffer {
  const address = copied(fields, field, 16);
  if (address.length === 4 || address.length === 16) return address;
  throw malformed(`${field} is no address`);
}

function versions(fields: WireFields): Buffer {
  const value = fields.get('Vsn') ?? empty;
  if (Buffer.isBuffer(value)) return copied(fields, 'Vsn', 16);
  if (Array.isArray(value)) return Buffer.from(value.map((item) => (typeof item === 'number' ? item : 0)));
  throw malformed('Vsn is no list of versions');
}

function source(ping: Omit<Ping, 'node'>): { SourceAddr: Buffer; SourcePort: number; SourceNode: string } {
  return { SourceAddr: ping.sourceAddress, SourcePort: ping.sourcePort, SourceNode: ping.sourceNode };
}

function sourceOf(fields: WireFields): Omit<Ping, 'node' | 'sequence'> {
  return {
    sourceAddress: copied(fields, 'SourceAddr', 16),
    sourcePort: uint(fields, 'SourcePort', 0xffff),
    sourceNode: optionalName(fields, 'SourceNode'),
  };
}

function accusation({ incarnation, node, from }: Accusation): Parameters<typeof writeFields>[0] {
  return { Incarnation: incarnation, Node: node, From: from };
}

const empty: Buffer = Buffer.alloc(0);
/** memberlist's `MetaMaxSize`. */
export const maxMetaBytes = 512;
/** Serf's limit for names is 128; memberlist has none. */
const maxNameBytes = 256;
