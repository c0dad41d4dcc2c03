import type { Decoder } from '@tenon/contract';
import type { MessageReader } from './message-reader.js';
import type { StructureList } from './structure-list.js';

/**
 * The decoder of a reader, which many may share.
 *
 * @param structures - what the peer of a linked session has announced.
 */
export function msgpackDecoder(reader: MessageReader, structures?: StructureList): Decoder {
  return (buffer, start, end) => reader.read(asBuffer(buffer), start, end, structures);
}

/** The same memory with the methods of a `Buffer`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
