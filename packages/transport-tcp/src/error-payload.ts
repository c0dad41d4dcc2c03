import { type Code, codes, type Executed, ServiceError } from '@tenon/contract';
import type { ConnectionCodec } from './connection-codecs.js';
import { errorFrame, maxFramePayloadBytes } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { ProtocolViolation } from './protocol-violation.js';

/**
 * Writes an ERROR frame. Details that cannot be encoded, or do not fit, stay behind, and the message says so.
 *
 * @param codec - of the call; undefined where it is not known, and details stay behind.
 */
export function writeError(
  writer: FrameWriter,
  id: number,
  error: ServiceError,
  codec: ConnectionCodec | undefined,
): void {
  if (error.details !== undefined) {
    if (codec !== undefined && writeWhole(writer, id, error, codec)) return;
    const why = codec === undefined ? 'cannot be sent' : `cannot be encoded as ${codec.contentType}, or are too long`;
    writeHead(writer, id, error, `${error.rawMessage.slice(0, maxMessageLength)} (its details ${why})`, noCodec);
  } else {
    writeHead(writer, id, error, error.rawMessage.slice(0, maxMessageLength), noCodec);
  }
  writer.end();
}

/** Reads the payload of an ERROR frame. @throws ProtocolViolation */
export function readError(
  buffer: Buffer,
  start: number,
  end: number,
  codecOf: (index: number) => ConnectionCodec,
): ServiceError {
  if (end - start < headBytes) throw new ProtocolViolation('an ERROR without its head');
  const code = codeOfNumber(buffer[start] as number);
  const executed = executedNames[buffer[start + 1] as number];
  const recordBytes = buffer.readUInt32BE(start + 4);
  const detailsStart = start + headBytes + recordBytes;
  if (code === undefined || executed === undefined || detailsStart > end) throw new ProtocolViolation('a broken ERROR');
  const record = recordOf(buffer.toString('utf8', start + headBytes, detailsStart));
  const codecIndex = buffer[start + 2] as number;
  if (codecIndex === noCodec) return ServiceError.fromRecord({ ...record, code, executed });
  const codec = codecOf(codecIndex);
  try {
    const details = codec.decoder(undefined)(buffer, detailsStart, end);
    return ServiceError.fromRecord({ ...record, code, executed, details });
  } catch {
    const message = `${String(record['message'])} (its details cannot be read as ${codec.contentType})`;
    return ServiceError.fromRecord({ ...record, message, code, executed });
  }
}

/** The name of a code that the wire has the number of; undefined for a number that means none. */
export function codeOfNumber(number: number): Code | undefined {
  return (Object.keys(codes) as Code[]).find((name) => codes[name].number === number);
}

function writeWhole(writer: FrameWriter, id: number, error: ServiceError, codec: ConnectionCodec): boolean {
  writeHead(writer, id, error, error.rawMessage.slice(0, maxMessageLength), codec.peerIndex);
  writer.beginMessage(maxFramePayloadBytes - writer.messageBytes);
  try {
    codec.encoder(undefined)(error.details, writer);
    writer.checkMessage();
  } catch {
    // The error itself matters more than its details: it is sent without them, and says so.
    writer.rollBack();
    return false;
  }
  writer.end();
  return true;
}

function writeHead(writer: FrameWriter, id: number, error: ServiceError, message: string, codecIndex: number): void {
  const record = JSON.stringify({
    message,
    service: error.service?.slice(0, maxNameLength),
    endpoint: error.endpoint?.slice(0, maxNameLength),
    node: error.node?.slice(0, maxNameLength),
    correlationId: error.correlationId?.slice(0, maxNameLength),
    refusal: error.refusal,
  });
  const bytes = Buffer.byteLength(record);
  writer.begin(errorFrame, id);
  writer.ensure(headBytes + bytes);
  const { buffer, position } = writer;
  buffer[position] = codes[error.code].number;
  buffer[position + 1] = executedNames.indexOf(error.executed);
  buffer[position + 2] = codecIndex;
  buffer[position + 3] = 0;
  buffer.writeUInt32BE(bytes, position + 4);
  buffer.write(record, position + headBytes);
  writer.position = position + headBytes + bytes;
}

function recordOf(json: string): Readonly<Record<string, unknown>> {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch {
    throw new ProtocolViolation('the record of an ERROR is no JSON');
  }
  if (typeof record !== 'object' || record === null) throw new ProtocolViolation('the record of an ERROR is no object');
  return { ...record };
}

const executedNames: readonly Executed[] = Object.freeze(['no', 'maybe', 'yes']);
const headBytes = 8;
const noCodec = 0xff;
/** Longer texts are cut: an error is one frame. A character takes up to six bytes in JSON. */
const maxMessageLength = 8 * 1_024;
const maxNameLength = 512;
