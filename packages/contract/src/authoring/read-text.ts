/**
 * The string in `bytes` bytes of UTF-8 at `position`. They must be there. What is no UTF-8 reads as U+FFFD.
 *
 * Short strings of ASCII, which most strings of a call are, become a string by one call with their characters: twice as
 * fast as Node.js's decoder, which has to be entered and left. From {@link maxInlineBytes} on it wins.
 */
export function readText(buffer: Buffer, position: number, bytes: number): string {
  if (bytes <= maxInlineBytes) {
    let units = 0;
    for (let index = 0; index < bytes; index += 1) units |= buffer[position + index] as number;
    if (units < 0x80) return asciiText(buffer, position, bytes);
  }
  return (buffer as Utf8Buffer).utf8Slice(position, position + bytes);
}

/** One call for each length: one whose arguments are counted when it is compiled collects them in no array. */
// biome-ignore format: one line for each length, and the pattern shows
function asciiText(b: Buffer, p: number, bytes: number): string {
  switch (bytes) {
    case 0: return '';
    case 1: return text(b[p]);
    case 2: return text(b[p], b[p+1]);
    case 3: return text(b[p], b[p+1], b[p+2]);
    case 4: return text(b[p], b[p+1], b[p+2], b[p+3]);
    case 5: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4]);
    case 6: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5]);
    case 7: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6]);
    case 8: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7]);
    case 9: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8]);
    case 10: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9]);
    case 11: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10]);
    case 12: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10], b[p+11]);
    case 13: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10], b[p+11],
      b[p+12]);
    case 14: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10], b[p+11],
      b[p+12], b[p+13]);
    case 15: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10], b[p+11],
      b[p+12], b[p+13], b[p+14]);
    default: return text(b[p], b[p+1], b[p+2], b[p+3], b[p+4], b[p+5], b[p+6], b[p+7], b[p+8], b[p+9], b[p+10], b[p+11],
      b[p+12], b[p+13], b[p+14], b[p+15]);
  }
}

/** What `toString` of every Node.js calls in the end; asking it directly saves a tenth of the time of a short text. */
interface Utf8Buffer extends Buffer {
  utf8Slice(start: number, end: number): string;
}

/** Typed for what an index gives; all of them are there. */
const text = String.fromCharCode as (...units: (number | undefined)[]) => string;
const maxInlineBytes = 16;
