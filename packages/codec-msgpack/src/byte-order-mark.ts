import { textBytes, textHeaderBytes, textStartsWith } from './text-bytes.js';

/**
 * Whether msgpackr would take the first character off the string at `at`, which must be there.
 *
 * It reads texts of more than 64 bytes by a `TextDecoder` that removes a byte order mark. A text that starts with one,
 * such as the content of a file, would come back a character short.
 */
export function losesByteOrderMark(buffer: Uint8Array, at: number): boolean {
  return textBytes(buffer, at) > 64 && textStartsWith(buffer, at, byteOrderMark);
}

/**
 * A copy of a message in which the strings at the given offsets start with two byte order marks instead of one, so that
 * one is left when msgpackr has taken the other.
 *
 * @param marked - offsets of strings that {@link losesByteOrderMark}, ascending.
 */
export function doubleByteOrderMarks(
  buffer: Uint8Array,
  start: number,
  end: number,
  marked: readonly number[],
): Uint8Array {
  const copy = new Uint8Array(end - start + marked.length * mostAddedBytes);
  const view = new DataView(copy.buffer);
  let from = start;
  let position = 0;
  const copyUntil = (until: number): void => {
    copy.set(buffer.subarray(from, until), position);
    position += until - from;
  };
  for (const at of marked) {
    copyUntil(at);
    from = at + textHeaderBytes(buffer, at);
    view.setUint8(position, 0xdb);
    view.setUint32(position + 1, textBytes(buffer, at) + byteOrderMark.length);
    copy.set(byteOrderMark, position + 5);
    position += 5 + byteOrderMark.length;
  }
  copyUntil(end);
  return copy.subarray(0, position);
}

const byteOrderMark = [0xef, 0xbb, 0xbf] as const;
/** A header grows from two bytes or more to five, a text by one mark. */
const mostAddedBytes = 6;
