import { messageType } from './message.js';
import { malformed } from './msgpack.js';

/** What a compound costs: its type and count, and the length of each part. */
export const compoundHeadBytes = 2;
export const compoundPartBytes = 2;
/** Its count is one byte. */
export const maxCompoundParts = 255;

/** Several messages in one: type, count, a length of two bytes each, then the messages. */
export function joinCompound(parts: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(compoundHeadBytes + parts.length * compoundPartBytes);
  head[0] = messageType.compound;
  head[1] = parts.length;
  for (const [index, part] of parts.entries())
    head.writeUInt16BE(part.length, compoundHeadBytes + index * compoundPartBytes);
  return Buffer.concat([head, ...parts]);
}

/** The messages of a compound without its type byte. Those that are cut off are left out. */
export function splitCompound(bytes: Buffer): readonly Buffer[] {
  const count = bytes[0];
  if (count === undefined || bytes.length < 1 + count * compoundPartBytes) throw malformed('a compound is cut off');
  const parts: Buffer[] = [];
  let position = 1 + count * compoundPartBytes;
  for (let index = 0; index < count; index += 1) {
    const end = position + bytes.readUInt16BE(1 + index * compoundPartBytes);
    if (end > bytes.length) break;
    parts.push(bytes.subarray(position, end));
    position = end;
  }
  return parts;
}
