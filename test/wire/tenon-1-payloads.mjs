// tenon/1, layer 2: what stands in the payloads. Each writer has its reader below it.
import { ProtocolError } from './tenon-1-frames.mjs';

/** The kinds of endpoints, by their number in NAME. */
export const kinds = Object.freeze(['unary', 'server', 'client', 'bidi']);
/** Whether a handler ran, by its number in ERROR. */
export const executions = Object.freeze(['no', 'maybe', 'yes']);
/** What holds where HELLO or WELCOME says nothing. */
export const defaultLimits = Object.freeze({
  messageBytes: 4_194_304,
  calls: 1_024,
  streams: 100,
  window: 65_536,
  connectionWindow: 1_048_576,
});

const ranges = {
  calls: [1, 16_384],
  streams: [1, 16_384],
  window: [1_024, 1_048_576],
  connectionWindow: [65_536, 16_777_216],
};

/** The payload of HELLO and WELCOME. */
export function greetingBytes(greeting) {
  return Buffer.from(JSON.stringify(greeting));
}

export function readGreeting(payload) {
  if (payload.length > 16_384) throw new ProtocolError('a greeting of more than 16 KiB');
  const greeting = parse(payload);
  const { service, node, codecs } = greeting;
  if (typeof service !== 'string' || typeof node !== 'string') throw new ProtocolError('a greeting without names');
  if (!Array.isArray(codecs) || codecs.length < 1 || codecs.length > 32) throw new ProtocolError('1 to 32 codecs');
  const limits = { ...defaultLimits, ...greeting.limits };
  for (const [name, [min, max]] of Object.entries(ranges)) {
    if (!(limits[name] >= min && limits[name] <= max)) throw new ProtocolError(`${name} is ${limits[name]}`);
  }
  return { ...greeting, limits };
}

/** NAME: an endpoint where `kind` is given, else a metadata key. */
export function nameBytes({ number, name, kind }) {
  const head = Buffer.from([kind === undefined ? 1 : 0, number >> 8, number & 0xff, kind ? kinds.indexOf(kind) : 0]);
  return Buffer.concat([head, text(name)]);
}

export function readName(payload) {
  const reader = new Reader(payload);
  const what = reader.uint(1);
  const number = reader.uint(2);
  const kind = kinds[reader.uint(1)];
  const name = reader.text();
  if (name === '' || Buffer.byteLength(name) > 256) throw new ProtocolError('a name has 1 to 256 bytes');
  if (what === 0 && number <= 4_095 && kind !== undefined) return { what: 'endpoint', number, name, kind };
  if (what === 1 && number >= 1 && number <= 255 && kind === 'unary' && reader.left === 0) {
    return { what: 'key', number, name };
  }
  throw new ProtocolError(`NAME of ${name} with number ${number}`);
}

/** CALL. `metadata` has pairs of a key, or the number of one, and a value. */
export function callBytes({ endpoint, codec, timeLeftUs = 0, metadata = [], request }) {
  const head = Buffer.from([endpoint >> 8, endpoint & 0xff, codec, metadata.length, 0, 0, 0, 0]);
  head.writeUInt32BE(timeLeftUs > 0xffff_ffff ? 0 : Math.floor(timeLeftUs), 4);
  return Buffer.concat([head, entries(metadata), request]);
}

export function readCall(payload) {
  const reader = new Reader(payload);
  const endpoint = reader.uint(2);
  const codec = reader.uint(1);
  const count = reader.uint(1);
  const timeLeftUs = reader.uint(4);
  return { endpoint, codec, timeLeftUs, metadata: reader.entries(count), request: reader.rest() };
}

/** HEAD, and REPLY with the reply. */
export function replyBytes({ metadata = [], reply = Buffer.alloc(0) }) {
  return Buffer.concat([Buffer.from([metadata.length]), entries(metadata), reply]);
}

export function readReply(payload) {
  const reader = new Reader(payload);
  return { metadata: reader.entries(reader.uint(1)), reply: reader.rest() };
}

/** ERROR. `codec` and `details` go together. */
export function errorBytes({ code, executed, record, codec = 0xff, details = Buffer.alloc(0) }) {
  const json = Buffer.from(JSON.stringify(record));
  const head = Buffer.from([code, executions.indexOf(executed), codec, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(json.length, 4);
  return Buffer.concat([head, json, details]);
}

export function readError(payload) {
  const reader = new Reader(payload);
  const code = reader.uint(1);
  const executed = executions[reader.uint(1)];
  const codec = reader.uint(1);
  reader.uint(1);
  const record = parse(reader.bytes(reader.uint(4)));
  if (code < 1 || code > 16 || executed === undefined) throw new ProtocolError('ERROR without a known code');
  return { code, executed, record, codec, details: reader.rest() };
}

/** GOAWAY. */
export function goawayBytes({ code, reason }) {
  return Buffer.concat([Buffer.from([code]), Buffer.from(reason)]);
}

export function readGoaway(payload) {
  const reader = new Reader(payload);
  return { code: reader.uint(1), reason: reader.rest().toString() };
}

/** CREDIT. */
export function creditBytes(bytes) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return payload;
}

/** The one number that CANCEL (one byte) and CREDIT (four) have. */
export function readNumber(payload, bytes) {
  if (payload.length !== bytes) throw new ProtocolError(`a payload of ${payload.length} bytes instead of ${bytes}`);
  return payload.readUIntBE(0, bytes);
}

/** The keys of one direction that its sender has told, or been told: at most 255, with the numbers from 1. */
export class KeyBook {
  #numbers = new Map();
  #keys = new Map();

  /** The pairs to send, having told each new key through `tell(number, key)`; spelled out where no number is left. */
  write(metadata, tell) {
    return Object.entries(metadata).map(([key, value]) => {
      if (!this.#numbers.has(key) && this.#numbers.size < 255) {
        this.#numbers.set(key, this.#numbers.size + 1);
        tell(this.#numbers.size, key);
      }
      return [this.#numbers.get(key) ?? key, value];
    });
  }

  learn({ number, name }) {
    if (this.#keys.has(number)) throw new ProtocolError(`key ${number} is told twice`);
    this.#keys.set(number, name);
  }

  /** The metadata of pairs that have come. */
  read(pairs) {
    const named = pairs.map(([key, value]) => [typeof key === 'number' ? this.#keyOf(key) : key, value]);
    const bytes = named.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
    if (bytes > 8_192) throw new ProtocolError('metadata of more than 8 KiB');
    return Object.fromEntries(named);
  }

  #keyOf(number) {
    const key = this.#keys.get(number);
    if (key === undefined) throw new ProtocolError(`key ${number} was never told`);
    return key;
  }
}

/** A number in seven bits a byte, the lowest first. */
export function varint(number) {
  const bytes = [];
  let left = number;
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function entries(metadata) {
  return Buffer.concat(
    metadata.flatMap(([key, value]) => [
      ...(typeof key === 'number' ? [varint(key)] : [varint(0), text(key)]),
      text(value),
    ]),
  );
}

function parse(bytes) {
  try {
    const value = JSON.parse(bytes.toString());
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch (error) {
    throw new ProtocolError('a record is not JSON', { cause: error });
  }
  throw new ProtocolError('a record is not a JSON object');
}

/** Reads a payload from its beginning, and never past its end. */
class Reader {
  #payload;
  #at = 0;

  constructor(payload) {
    this.#payload = payload;
  }

  get left() {
    return this.#payload.length - this.#at;
  }

  bytes(length) {
    if (length > this.left) throw new ProtocolError('a payload is cut off');
    this.#at += length;
    return this.#payload.subarray(this.#at - length, this.#at);
  }

  rest() {
    return this.bytes(this.left);
  }

  uint(bytes) {
    return this.bytes(bytes).readUIntBE(0, bytes);
  }

  varint() {
    let number = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.uint(1);
      number += (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    throw new ProtocolError('a varint has at most four bytes');
  }

  text() {
    return this.bytes(this.varint()).toString();
  }

  entries(count) {
    if (count > 64) throw new ProtocolError(`${count} metadata entries`);
    return Array.from({ length: count }, () => {
      const number = this.varint();
      return [number === 0 ? this.text() : number, this.text()];
    });
  }
}
