import type { Sink } from '@tenon/contract';

/** Before a value: by which layout it is written. */
export const plainNumber = 0;

export function writeNumber(sink: Sink, number: number): void {
  sink.ensure(2);
  const { buffer, position } = sink;
  if (number < 0x80) {
    buffer[position] = number;
    sink.position = position + 1;
  } else {
    buffer[position] = number | 0x80;
    buffer[position + 1] = number >> 7;
    sink.position = position + 2;
  }
}
