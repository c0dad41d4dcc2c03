// tenon/1, layer 1: frames and segments, written from docs/wire/tenon-1.md alone. Nothing of Tenon is imported, so that
// this folder can be read as a sample for other languages.
import { crc32 } from 'node:zlib';

/** What a client sends before its first segment. */
export const preamble = Buffer.from('tenon/1\n');

/** The types of frames, by name. */
export const types = Object.freeze({
  HELLO: 0x01,
  WELCOME: 0x02,
  GOAWAY: 0x03,
  PING: 0x04,
  PONG: 0x05,
  NAME: 0x06,
  LEARN: 0x07,
  CALL: 0x10,
  HEAD: 0x11,
  DATA: 0x12,
  END: 0x13,
  REPLY: 0x14,
  ERROR: 0x15,
  CANCEL: 0x16,
  STOP: 0x17,
  CREDIT: 0x18,
  REST: 0x19,
});

export const maxPayloadBytes = 65_536;
export const maxSegmentBytes = 131_072;

/** Something that the page does not allow: the connection ends with GOAWAY 3. */
export class ProtocolError extends Error {}

const optionalFlag = 0x80;
const moreFlag = 0x40;
const names = new Map(Object.entries(types).map(([name, type]) => [type, name]));
const mayHaveMore = new Set([types.CALL, types.REPLY, types.DATA, types.REST]);

/** One frame: eight bytes of header and the payload. */
export function frameBytes(type, call, payload, { more = false, optional = false } = {}) {
  const frame = Buffer.alloc(8 + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type | (more ? moreFlag : 0) | (optional ? optionalFlag : 0);
  frame.writeUInt32BE(call, 4);
  payload.copy(frame, 8);
  return frame;
}

/** One segment around whole frames: the length, its check, and the CRC-32 of what follows. */
export function segmentBytes(frames) {
  const body = Buffer.concat(frames);
  const header = Buffer.alloc(8);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = header[0] ^ header[1] ^ header[2] ^ 0x5a;
  header.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

/** The id of a call: a slot and how often it was used. */
export function callId(slot, turn) {
  return turn * 0x1_0000 + slot;
}

/**
 * The frames of a body, each `{ type, name, more, call, payload }`. Frames that are unknown and optional are left out.
 *
 * @throws ProtocolError on anything that is not a frame in its place
 */
export function framesOf(body) {
  const frames = [];
  let start = 0;
  while (start < body.length) {
    if (body.length - start < 8) throw new ProtocolError('a frame is cut off');
    const length = body.readUIntBE(start, 3);
    const end = start + 8 + length;
    if (length > maxPayloadBytes) throw new ProtocolError(`a frame of ${length} bytes`);
    if (end > body.length) throw new ProtocolError('a frame is cut off');
    const frame = readHeader(body[start + 3], body.readUInt32BE(start + 4));
    if (frame !== undefined) frames.push({ ...frame, payload: body.subarray(start + 8, end) });
    start = end;
  }
  return frames;
}

function readHeader(flags, call) {
  const type = flags & 0x3f;
  const name = names.get(type);
  if (name === undefined) {
    if ((flags & optionalFlag) !== 0) return undefined;
    throw new ProtocolError(`a frame of the unknown type ${type.toString(16)}`);
  }
  const more = (flags & moreFlag) !== 0;
  if (more && !mayHaveMore.has(type)) throw new ProtocolError(`${name} with MORE`);
  // CREDIT is about both; for the others the type tells whether there is a call.
  if (type !== types.CREDIT && (call === 0) !== type < types.CALL) throw new ProtocolError(`${name} with id ${call}`);
  return { type, name, more, call };
}

/** Cuts what a socket delivers into the frames of whole, checked segments. */
export class SegmentReader {
  #held = Buffer.alloc(0);

  /** The frames that `chunk` completes. Throws ProtocolError, and is of no use afterwards. */
  *read(chunk) {
    let bytes = Buffer.concat([this.#held, chunk]);
    while (bytes.length >= 4) {
      const length = bytes.readUIntBE(0, 3);
      if ((bytes[0] ^ bytes[1] ^ bytes[2] ^ 0x5a) !== bytes[3]) throw new ProtocolError('the length is damaged');
      if (length === 0 || length > maxSegmentBytes) throw new ProtocolError(`a segment of ${length} bytes`);
      if (bytes.length < 8 + length) break;
      const body = bytes.subarray(8, 8 + length);
      if (crc32(body) !== bytes.readUInt32BE(4)) throw new ProtocolError('the segment is damaged');
      yield* framesOf(body);
      bytes = bytes.subarray(8 + length);
    }
    this.#held = bytes;
  }
}
