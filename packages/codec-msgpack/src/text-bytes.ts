import { uint16, uint32 } from './big-endian.js';

/** How many bytes stand before the text of the string at `at`. */
export function textHeaderBytes(buffer: Uint8Array, at: number): number {
  const first = buffer[at] as number;
  return first === 0xd9 ? 2 : first === 0xda ? 3 : first === 0xdb ? 5 : 1;
}

/** How many bytes the text of the string at `at` has. Its header must be there. */
export function textBytes(buffer: Uint8Array, at: number): number {
  const first = buffer[at] as number;
  if (first < 0xc0) return first & 0x1f;
  if (first === 0xd9) return buffer[at + 1] as number;
  return first === 0xda ? uint16(buffer, at + 1) : uint32(buffer, at + 1);
}

/** Whether the text of the string at `at`, which must be there, starts with `prefix`. */
export function textStartsWith(buffer: Uint8Array, at: number, prefix: readonly number[]): boolean {
  const text = at + textHeaderBytes(buffer, at);
  for (let index = 0; index < prefix.length; index += 1) {
    if (buffer[text + index] !== prefix[index]) return false;
  }
  return true;
}
