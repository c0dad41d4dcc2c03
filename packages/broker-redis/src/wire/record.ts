import { type Message, type Metadata, noMetadata, ServiceError } from '@tenon/contract';
import { readUuid, writeUuid } from '@tenon/contract/authoring';
import { receivedMetadata } from './received-metadata.js';

/**
 * Copies a message into its form on the wire: the binary envelope that Tenon has on NATS, with the metadata inside.
 * `docs/wire/redis-broker.md` is the specification, with the bytes that the tests beside this file hold.
 *
 * @throws ServiceError `InvalidArgument` where the message has no such form.
 */
export function packRecord(message: Message): Buffer {
  const { body, contentType } = message;
  const trace = message.traceparent === undefined ? null : traceparentForm.exec(message.traceparent);
  const contentCode = Math.max(contentTypes.indexOf(contentType), spelledContentType);
  const head = Buffer.alloc(fixedBytes + (trace === null ? 0 : traceBytes));
  const isUuid = writeUuid(message.id, head, idAt);
  if (!isUuid) head.fill(0, idAt, timeAt);
  const metadata = metadataBytes(message.metadata);
  head[0] = magic;
  head[1] =
    (trace === null ? 0 : hasTrace) | (isUuid ? 0 : hasSpelledId) | (metadata === undefined ? 0 : hasMetadataInside);
  head[2] = contentCode;
  writeTime(head, message.timeMs);
  if (trace !== null) head.write(`${trace[1]}${trace[2]}${trace[3]}${trace[4]}`, fixedBytes, 'hex');
  const parts: Uint8Array[] = [head];
  if (contentCode === spelledContentType) parts.push(spelled(contentType, 'contentType'));
  if (!isUuid) parts.push(spelled(message.id, 'id'));
  if (metadata !== undefined) parts.push(metadata);
  parts.push(body);
  return Buffer.concat(parts);
}

/** Reads a record, which may be anything: throws `InvalidArgument`, and nothing else, where it is malformed. */
export function unpackRecord(record: Buffer): Message {
  const flags = record[1] ?? 0;
  if (record.length < fixedBytes || record[0] !== magic) throw malformed('it does not begin with the prefix');
  if ((flags & ~knownFlags) !== 0) throw malformed('it has flags of a later version');
  const reader = new Reader(record, fixedBytes);
  const trace = (flags & hasTrace) === 0 ? undefined : reader.take(traceBytes).toString('hex');
  const contentCode = record[2] ?? 0;
  let contentType = contentTypes[contentCode];
  if (contentType === undefined) throw malformed('it has a content type of a later version');
  if (contentCode === spelledContentType) contentType = reader.spelled();
  const id = (flags & hasSpelledId) === 0 ? readUuid(record, idAt) : reader.spelled();
  const metadata = (flags & hasMetadataInside) === 0 ? noMetadata : metadataOf(reader.take(reader.length()));
  return {
    id,
    timeMs: readTime(record),
    contentType,
    body: reader.rest(),
    metadata,
    traceparent: trace === undefined ? undefined : traceparentOf(trace),
  };
}

/** Takes parts off a record, from the front. */
class Reader {
  readonly #record: Buffer;
  #position: number;

  constructor(record: Buffer, position: number) {
    this.#record = record;
    this.#position = position;
  }

  take(bytes: number): Buffer {
    const end = this.#position + bytes;
    if (end > this.#record.length) throw malformed('its prefix is cut off');
    const part = this.#record.subarray(this.#position, end);
    this.#position = end;
    return part;
  }

  spelled(): string {
    return this.take(this.take(1)[0] ?? 0).toString();
  }

  length(): number {
    return this.take(4).readUInt32BE();
  }

  rest(): Buffer {
    return this.#record.subarray(this.#position);
  }
}

function spelled(text: string, field: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= 255) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  throw new ServiceError('InvalidArgument', `the message's ${field} has ${bytes.length} bytes; up to 255 fit`, {
    executed: 'no',
  });
}

function metadataBytes(metadata: Metadata): Buffer | undefined {
  if (Object.keys(metadata).length === 0) return undefined;
  const text = Buffer.from(JSON.stringify(metadata));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

function metadataOf(bytes: Buffer): Metadata {
  let given: unknown;
  try {
    given = JSON.parse(bytes.toString());
  } catch {
    throw malformed('its metadata is no JSON');
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw malformed('its metadata is no object');
  return receivedMetadata(given as Metadata);
}

function writeTime(head: Buffer, timeMs: number): void {
  const whole = Math.trunc(timeMs);
  if (!(whole >= 0 && whole <= Number.MAX_SAFE_INTEGER)) {
    throw new ServiceError('InvalidArgument', `the message's timeMs is ${timeMs}; it must be 0 or more`, {
      executed: 'no',
    });
  }
  head.writeUInt32BE(Math.floor(whole / 2 ** 32), timeAt);
  head.writeUInt32BE(whole % 2 ** 32, timeAt + 4);
}

function readTime(record: Buffer): number {
  const timeMs = record.readUInt32BE(timeAt) * 2 ** 32 + record.readUInt32BE(timeAt + 4);
  if (timeMs > Number.MAX_SAFE_INTEGER) throw malformed('its time is out of range');
  return timeMs;
}

function traceparentOf(hex: string): string {
  return `${hex.slice(0, 2)}-${hex.slice(2, 34)}-${hex.slice(34, 50)}-${hex.slice(50)}`;
}

function malformed(reason: string): ServiceError {
  return new ServiceError('InvalidArgument', `not a Tenon message: ${reason}`, { executed: 'no' });
}

/** High half: an event of Tenon. Low half: version 1 of its form. */
const magic = 0xe1;
const idAt = 3;
const timeAt = 19;
const fixedBytes = 27;
const traceBytes = 26;

const hasTrace = 0b0001;
const hasSpelledId = 0b0010;
/** `0b0100` says that the metadata is in headers, which Redis has not. */
const hasMetadataInside = 0b1000;
const knownFlags = hasTrace | hasSpelledId | hasMetadataInside;

/** By their code. The first stands for any other, spelled out behind the prefix. */
const contentTypes: readonly string[] = Object.freeze([
  '',
  'application/msgpack',
  'application/json',
  'application/octet-stream',
  'application/protobuf',
]);
const spelledContentType = 0;

/** W3C Trace Context `traceparent`. What does not have this form is not a trace, and is left out. */
const traceparentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
