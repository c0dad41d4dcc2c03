/**
 * Writes a UUID as its 16 bytes, and returns whether it was one: lower case, with its dashes, so that reading gives the
 * same string back. On `false` the bytes there are undefined.
 */
export function writeUuid(uuid: string, target: Uint8Array, position: number): boolean {
  if (uuid.length !== 36) return false;
  let at = position;
  for (let index = 0; index < 36; index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (uuid.charCodeAt(index) !== dash) return false;
      index += 1;
    }
    const high = nibble(uuid.charCodeAt(index));
    const low = nibble(uuid.charCodeAt(index + 1));
    if (high < 0 || low < 0) return false;
    target[at] = high * 16 + low;
    at += 1;
  }
  return true;
}

/** The UUID of 16 bytes, in lower case with dashes. */
export function readUuid(source: Buffer, position: number): string {
  const hex = source.toString('hex', position, position + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The value of a lower-case hexadecimal digit, or −1. */
function nibble(character: number): number {
  if (character >= zero && character <= zero + 9) return character - zero;
  return character >= a && character <= a + 5 ? character - a + 10 : -1;
}

const zero = 0x30;
const a = 0x61;
const dash = 0x2d;
