/** The number in two bytes. They must be there, here and below; a `DataView` would be an allocation per message. */
export function uint16(buffer: Uint8Array, position: number): number {
  return ((buffer[position] as number) << 8) | (buffer[position + 1] as number);
}

/** The number with a sign in four bytes. */
export function int32(buffer: Uint8Array, position: number): number {
  return (
    ((buffer[position] as number) << 24) |
    ((buffer[position + 1] as number) << 16) |
    ((buffer[position + 2] as number) << 8) |
    (buffer[position + 3] as number)
  );
}

/** The number in four bytes. */
export function uint32(buffer: Uint8Array, position: number): number {
  return int32(buffer, position) >>> 0;
}
