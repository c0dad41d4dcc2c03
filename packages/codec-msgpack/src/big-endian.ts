/** The number in two bytes. They must be there; a `DataView` would be an allocation per message. */
export function uint16(buffer: Uint8Array, position: number): number {
  return ((buffer[position] as number) << 8) | (buffer[position + 1] as number);
}

/** The number in four bytes. They must be there. */
export function uint32(buffer: Uint8Array, position: number): number {
  return ((uint16(buffer, position) << 16) | uint16(buffer, position + 2)) >>> 0;
}
