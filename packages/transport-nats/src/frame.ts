import { ServiceError } from '@tenon/contract';

/** The first byte of every frame. */
export const wireVersion = 1;

/** What a frame is: its second byte. Each is told in docs/wire/nats-transport.md. */
export const frameTypes = Object.freeze({
  open: 1,
  message: 2,
  end: 3,
  credit: 4,
  stop: 5,
  cancel: 6,
  reply: 7,
  head: 8,
  error: 9,
  ping: 10,
  pong: 11,
  away: 12,
  bye: 13,
});

/** One whole frame: its parts joined. */
export interface Frame {
  readonly type: number;
  readonly content: Uint8Array;
}

/** A NATS message that holds a frame, or a part of one. */
export interface FramePart extends Frame {
  /** The parts before this one are missed where there are none. */
  readonly continues: boolean;
  readonly hasMore: boolean;
}

/** The head of the largest frame: metadata at its limit, as JSON, and names. */
export const maxHeadBytes = 64 * 1_024;

/** Reads a NATS message; undefined where it is no frame of this version. */
export function framePart(data: Uint8Array): FramePart | undefined {
  const [version, type, flags] = data;
  if (version !== wireVersion || type === undefined || flags === undefined || flags > 3) return undefined;
  if (type < frameTypes.open || type > frameTypes.bye) return undefined;
  return {
    type,
    content: data.subarray(prefixBytes),
    continues: (flags & continuesFlag) !== 0,
    hasMore: (flags & moreFlag) !== 0,
  };
}

/** The NATS messages that carry a frame: one, or as many as the server's `max_payload` asks for. */
export function* partsOf(type: number, content: Uint8Array, maxPayload: number): Generator<Uint8Array> {
  const room = maxPayload - prefixBytes;
  for (let start = 0; start === 0 || start < content.length; start += room) {
    const end = Math.min(content.length, start + room);
    const part = Buffer.allocUnsafe(prefixBytes + end - start);
    part[0] = wireVersion;
    part[1] = type;
    part[2] = (start > 0 ? continuesFlag : 0) | (end < content.length ? moreFlag : 0);
    part.set(content.subarray(start, end), prefixBytes);
    yield part;
  }
}

/** The content of a frame that has a head: its length, itself as JSON, and a body. */
export function headed(head: object, body: Uint8Array = noBytes): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const content = Buffer.allocUnsafe(4 + text.length + body.length);
  content.writeUInt32BE(text.length);
  content.set(text, 4);
  content.set(body, 4 + text.length);
  return content;
}

/** What {@link headed} made. Throws `InvalidArgument`, `executed: 'no'`, for what it did not make. */
export function headAndBody(content: Uint8Array): { readonly head: Record<string, unknown>; readonly body: Buffer } {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const length = bytes.length < 4 ? Number.POSITIVE_INFINITY : bytes.readUInt32BE();
  if (length > Math.min(maxHeadBytes, bytes.length - 4)) throw malformed('its head has no such length');
  let head: unknown;
  try {
    head = JSON.parse(bytes.toString('utf8', 4, 4 + length));
  } catch (cause) {
    throw malformed('its head is no JSON', cause);
  }
  if (typeof head !== 'object' || head === null || Array.isArray(head)) throw malformed('its head is no object');
  return { head: head as Record<string, unknown>, body: bytes.subarray(4 + length) };
}

/** A frame that cannot be read. */
export function malformed(why: string, cause?: unknown): ServiceError {
  return ServiceError.refusal('InvalidArgument', `a malformed frame: ${why}`, { executed: 'no', cause });
}

/** A list of numbers, four bytes each, highest first: credit, and the calls of a ping. */
export function numbersContent(numbers: readonly number[]): Buffer {
  const content = Buffer.allocUnsafe(4 * numbers.length);
  numbers.forEach((number, index) => {
    content.writeUInt32BE(number, 4 * index);
  });
  return content;
}

/** What {@link numbersContent} made; what is left at the end is no number. */
export function numbersIn(content: Uint8Array): readonly number[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_none, index) => bytes.readUInt32BE(4 * index));
}

export const noBytes: Uint8Array = Buffer.alloc(0);

const prefixBytes = 3;
const moreFlag = 1;
const continuesFlag = 2;
