import { type Message, type Metadata, noMetadata, ServiceError } from '@tenon/contract';
import { readUuid, writeUuid } from '@tenon/contract/authoring';
import type { Envelope, Packet, Received } from './envelope.js';
import { headerBytes, headersOf, metadataOf } from './metadata-headers.js';
import { readUint32, writeUint32 } from './uint32.js';

/**
 * Tenon's own envelope: a fixed binary prefix, then the body as it was given. Metadata, and nothing else, goes into NATS
 * headers, and a subscriber that never asks for it never pays for parsing them. `docs/wire/nats-envelope.md` is the
 * specification, with the bytes that the tests beside this file hold.
 */
export class TenonEnvelope implements Envelope {
  readonly contentType = 'application/msgpack';
  readonly batches = true;

  pack(_topic: string, message: Message): Packet {
    const headers = message.metadata === noMetadata ? undefined : headersOf(message.metadata);
    const flags = headers === undefined ? 0 : hasMetadata;
    let payload = Buffer.allocUnsafe(mostBytesOf(message));
    let end = write(payload, 0, message, flags);
    if (end === 0) {
      payload = Buffer.allocUnsafe(payload.length + spelledBytes(message.id));
      end = write(payload, 0, message, flags);
    }
    if (end < payload.length) payload = payload.subarray(0, end);
    return { payload, headers, bytes: end + (headers === undefined ? 0 : headerBytes(headers)) };
  }

  packInto(target: Buffer, position: number, message: Message): number {
    if (!isEmpty(message.metadata) || mostBytesOf(message) > target.length - position) return 0;
    return write(target, position, message, 0);
  }

  unpack(received: Received, start = 0, end = received.data.length): Message {
    const { data } = received;
    const payload = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const flags = payload[start + 1] ?? 0;
    let position = start + fixedBytes;
    if (position > end || payload[start] !== magic) throw malformed('it does not begin with the prefix');
    if ((flags & ~knownFlags) !== 0) throw malformed('it has flags of a later version');
    let traceparent: string | undefined;
    if ((flags & hasTrace) !== 0) {
      position += traceBytes;
      if (position > end) throw malformed('its prefix is cut off');
      traceparent = readTrace(payload, start + fixedBytes);
    }
    const contentCode = payload[start + 2] ?? 0;
    let contentType = contentTypes[contentCode];
    if (contentType === undefined) throw malformed('it has a content type of a later version');
    if (contentCode === spelledContentType) {
      contentType = readSpelled(payload, position, end);
      position += 1 + (payload[position] ?? 0);
    }
    let id: string;
    if ((flags & hasSpelledId) === 0) id = readUuid(payload, start + idAt);
    else {
      id = readSpelled(payload, position, end);
      position += 1 + (payload[position] ?? 0);
    }
    const timeMs = readTime(payload, start + timeAt);
    const body = payload.subarray(position, end);
    if ((flags & hasMetadata) === 0) return { id, timeMs, contentType, body, metadata: noMetadata, traceparent };
    let metadata: Metadata | undefined;
    return {
      id,
      timeMs,
      contentType,
      body,
      get metadata(): Metadata {
        metadata ??= metadataOf(received.headers);
        return metadata;
      },
      traceparent,
    };
  }
}

function isEmpty(metadata: Metadata): boolean {
  return metadata === noMetadata || Object.keys(metadata).length === 0;
}

/** Exactly so many but where the trace is none, and where an id of 36 characters is no UUID: that one takes {@link spelledBytes} more. */
function mostBytesOf({ id, body, contentType, traceparent }: Message): number {
  const trace = traceparent === undefined ? 0 : traceBytes;
  const spelled = (codeOf(contentType) > 0 ? 0 : spelledBytes(contentType)) + (id.length === 36 ? 0 : spelledBytes(id));
  return fixedBytes + trace + spelled + body.length;
}

/** Where the event ends; 0 where there is no room for its id. */
function write(target: Buffer, start: number, message: Message, given: number): number {
  const { id, body, contentType, traceparent } = message;
  const trace = traceparent === undefined ? null : traceparentForm.exec(traceparent);
  const contentCode = codeOf(contentType);
  let flags = given | (trace === null ? 0 : hasTrace);
  let position = start + fixedBytes;
  const isUuid = writeUuid(id, target, start + idAt);
  if (!isUuid) {
    if (id.length === 36 && start + mostBytesOf(message) + spelledBytes(id) > target.length) return 0;
    target.fill(0, start + idAt, start + timeAt);
    flags |= hasSpelledId;
  }
  target[start] = magic;
  target[start + 1] = flags;
  target[start + 2] = contentCode;
  writeTime(target, start + timeAt, message.timeMs);
  if (trace !== null) {
    target.write(`${trace[1]}${trace[2]}${trace[3]}${trace[4]}`, position, 'hex');
    position += traceBytes;
  }
  if (contentCode < 1) position = writeSpelled(target, position, contentType, 'contentType');
  if (!isUuid) position = writeSpelled(target, position, id, 'id');
  target.set(body, position);
  return position + body.length;
}

/** 0 where it is to be spelled out. */
function codeOf(contentType: string): number {
  return Math.max(contentTypes.indexOf(contentType), spelledContentType);
}

function spelledBytes(text: string): number {
  return 1 + Buffer.byteLength(text);
}

function writeSpelled(payload: Buffer, position: number, text: string, field: string): number {
  const bytes = Buffer.byteLength(text);
  if (bytes > 255) {
    throw new ServiceError('InvalidArgument', `the message's ${field} has ${bytes} bytes; up to 255 fit`, {
      executed: 'no',
    });
  }
  payload[position] = bytes;
  return position + 1 + payload.write(text, position + 1);
}

function readSpelled(payload: Buffer, position: number, limit: number): string {
  const end = position + 1 + (payload[position] ?? 0);
  if (position >= limit || end > limit) throw malformed('its prefix is cut off');
  return payload.toString('utf8', position + 1, end);
}

function writeTime(payload: Buffer, position: number, timeMs: number): void {
  const whole = Math.trunc(timeMs);
  if (!(whole >= 0 && whole <= Number.MAX_SAFE_INTEGER)) {
    throw new ServiceError('InvalidArgument', `the message's timeMs is ${timeMs}; it must be 0 or more`, {
      executed: 'no',
    });
  }
  writeUint32(payload, position, Math.floor(whole / 2 ** 32));
  writeUint32(payload, position + 4, whole % 2 ** 32);
}

function readTime(payload: Buffer, position: number): number {
  const timeMs = readUint32(payload, position) * 2 ** 32 + readUint32(payload, position + 4);
  if (timeMs > Number.MAX_SAFE_INTEGER) throw malformed('its time is out of range');
  return timeMs;
}

function readTrace(payload: Buffer, position: number): string {
  const hex = payload.toString('hex', position, position + traceBytes);
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
const hasMetadata = 0b0100;
const knownFlags = hasTrace | hasSpelledId | hasMetadata;

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
