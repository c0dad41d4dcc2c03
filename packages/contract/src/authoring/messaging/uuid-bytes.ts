/**
 * Writes a UUID as its 16 bytes, and returns whether it was one: lower case, with its dashes, so that reading gives the
 * same string back. On `false` the bytes there are undefined.
 */
export function writeUuid(uuid: string, target: Uint8Array, position: number): boolean {
  if (uuid.length !== 36 || !hasDashes(uuid)) return false;
  let misfits = 0;
  let at = 0;
  for (let byte = 0; byte < uuidBytes; byte += 1) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) at += 1;
    const high = uuid.charCodeAt(at);
    const low = uuid.charCodeAt(at + 1);
    at += 2;
    misfits |= misfit(high) | misfit(low);
    target[position + byte] = (nibbleOf(high) << 4) | nibbleOf(low);
  }
  return misfits === 0;
}

/**
 * The UUID of 16 bytes, in lower case with dashes. One call for all characters takes a quarter of what Node's own hexadecimal and the
 * slices of it do, and leaves a string that is in one piece; with the bytes in variables it is compiled to one piece of code too.
 */
export function readUuid(source: Uint8Array, position: number): string {
  const b0 = source[position] as number;
  const b1 = source[position + 1] as number;
  const b2 = source[position + 2] as number;
  const b3 = source[position + 3] as number;
  const b4 = source[position + 4] as number;
  const b5 = source[position + 5] as number;
  const b6 = source[position + 6] as number;
  const b7 = source[position + 7] as number;
  const b8 = source[position + 8] as number;
  const b9 = source[position + 9] as number;
  const b10 = source[position + 10] as number;
  const b11 = source[position + 11] as number;
  const b12 = source[position + 12] as number;
  const b13 = source[position + 13] as number;
  const b14 = source[position + 14] as number;
  const b15 = source[position + 15] as number;
  // biome-ignore format: a line for each group of the UUID
  return String.fromCharCode(
    digit(b0 >> 4), digit(b0 & 15), digit(b1 >> 4), digit(b1 & 15), digit(b2 >> 4), digit(b2 & 15), digit(b3 >> 4), digit(b3 & 15), dash,
    digit(b4 >> 4), digit(b4 & 15), digit(b5 >> 4), digit(b5 & 15), dash,
    digit(b6 >> 4), digit(b6 & 15), digit(b7 >> 4), digit(b7 & 15), dash,
    digit(b8 >> 4), digit(b8 & 15), digit(b9 >> 4), digit(b9 & 15), dash,
    digit(b10 >> 4), digit(b10 & 15), digit(b11 >> 4), digit(b11 & 15), digit(b12 >> 4), digit(b12 & 15),
    digit(b13 >> 4), digit(b13 & 15), digit(b14 >> 4), digit(b14 & 15), digit(b15 >> 4), digit(b15 & 15),
  );
}

function hasDashes(uuid: string): boolean {
  const is = (index: number): boolean => uuid.charCodeAt(index) === dash;
  return is(8) && is(13) && is(18) && is(23);
}

// No branches below: on random digits a processor guesses every other one wrong, and pays for it with more than all the rest takes.
// What is negative has its sign in each bit once it is shifted by 31.

function digit(value: number): number {
  return zero + value + (((9 - value) >> 31) & (a - zero - 10));
}

/** Of a lower-case hexadecimal digit: of letters the low bits count from 1. */
function nibbleOf(character: number): number {
  return (character & 15) + 9 * (character >> 6);
}

/** 0 for a lower-case hexadecimal digit, else −1. */
function misfit(character: number): number {
  const isOutside = ((character - zero) >> 31) | ((f - character) >> 31);
  const isBetween = ((nine - character) & (character - a)) >> 31;
  return isOutside | isBetween;
}

const zero = 0x30;
const nine = 0x39;
const a = 0x61;
const f = 0x66;
const dash = 0x2d;
const uuidBytes = 16;
