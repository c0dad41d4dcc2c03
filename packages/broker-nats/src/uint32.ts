/** The unsigned number in four bytes, the highest first. What lies behind the end counts as 0. */
export function readUint32(source: Uint8Array, position: number): number {
  const at = (offset: number): number => source[position + offset] ?? 0;
  return at(0) * 2 ** 24 + ((at(1) << 16) | (at(2) << 8) | at(3));
}

/** The other way round. Byte by byte, which is inlined where Node's own checks of range and place are not. */
export function writeUint32(target: Uint8Array, position: number, value: number): void {
  target[position] = value >>> 24;
  target[position + 1] = value >>> 16;
  target[position + 2] = value >>> 8;
  target[position + 3] = value;
}
