/**
 * Numbers as eight bytes of IEEE 754, the highest first.
 *
 * By way of eight bytes of its own, three times as fast as the methods of `Buffer`; a view of each buffer that comes by
 * would be an allocation.
 */
export class Doubles {
  /** The eight bytes, for generated code. Nothing in them is kept. */
  readonly scratch = new DataView(new ArrayBuffer(8));

  /** Writes eight bytes, for which there must be room. */
  write(buffer: Uint8Array, position: number, value: number): void {
    const { scratch } = this;
    scratch.setFloat64(0, value);
    const high = scratch.getInt32(0);
    const low = scratch.getInt32(4);
    buffer[position] = high >> 24;
    buffer[position + 1] = high >> 16;
    buffer[position + 2] = high >> 8;
    buffer[position + 3] = high;
    buffer[position + 4] = low >> 24;
    buffer[position + 5] = low >> 16;
    buffer[position + 6] = low >> 8;
    buffer[position + 7] = low;
  }

  /** Reads eight bytes, which must be there. */
  read(buffer: Uint8Array, position: number): number {
    const { scratch } = this;
    scratch.setInt32(0, int32(buffer, position));
    scratch.setInt32(4, int32(buffer, position + 4));
    return scratch.getFloat64(0);
  }
}

function int32(buffer: Uint8Array, position: number): number {
  return (
    ((buffer[position] as number) << 24) |
    ((buffer[position + 1] as number) << 16) |
    ((buffer[position + 2] as number) << 8) |
    (buffer[position + 3] as number)
  );
}
