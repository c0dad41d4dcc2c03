import { varintBytes, writeVarint } from './varint.js';

/** As many bytes as {@link writeText} may need for a text of that length. */
export function mostTextBytes(length: number): number {
  return length * 3 + 5;
}

/**
 * Writes a text, its length before it, where there is room for {@link mostTextBytes}. Half a surrogate pair becomes
 * U+FFFD. Returns where the text ends.
 *
 * Short texts of ASCII, which most texts of a call are, are written unit by unit, four at a time and with one look at all
 * of them in the end: half the time of a call of Node.js's encoder, which has to be entered and left.
 */
export function writeText(buffer: Buffer, position: number, text: string): number {
  const length = text.length;
  if (length > maxInlineUnits) return writeLongText(buffer, position, text);
  const from = position + 1;
  let units = 0;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    const first = text.charCodeAt(index);
    const second = text.charCodeAt(index + 1);
    const third = text.charCodeAt(index + 2);
    const fourth = text.charCodeAt(index + 3);
    units |= first | second | third | fourth;
    buffer[from + index] = first;
    buffer[from + index + 1] = second;
    buffer[from + index + 2] = third;
    buffer[from + index + 3] = fourth;
  }
  for (; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    units |= unit;
    buffer[from + index] = unit;
  }
  if (units > 0x7f) return writeLongText(buffer, position, text);
  buffer[position] = length;
  return from + length;
}

/** The text goes to its place before its length is known, and is moved where the guess was wrong. */
function writeLongText(buffer: Buffer, position: number, text: string): number {
  const guessed = varintBytes(text.length);
  const bytes = buffer.write(text, position + guessed, 'utf8');
  const needed = varintBytes(bytes);
  const from = position + guessed;
  if (needed !== guessed) buffer.copyWithin(position + needed, from, from + bytes);
  return writeVarint(buffer, position, bytes) + bytes;
}

const maxInlineUnits = 31;
