import type { ItemPlan } from './message-plan.js';

/** The low three bits of a tag: how long what follows is. https://protobuf.dev/programming-guides/encoding */
export const wireType = Object.freeze({ varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 });

/** The tag of a field: its number and how its value is written. */
export function tagOf(number: number, { kind }: ItemPlan): number {
  return (number * 8 + wireTypeOf(kind)) >>> 0;
}

/** The tag of a field whose bytes have a length before them. */
export function bytesTag(number: number): number {
  return (number * 8 + wireType.bytes) >>> 0;
}

/** Whether the items of a list stand behind one tag and one length. */
export function isPackable({ kind }: ItemPlan): boolean {
  return wireTypeOf(kind) !== wireType.bytes;
}

function wireTypeOf(kind: ItemPlan['kind']): number {
  switch (kind) {
    case 'boolean':
    case 'integer':
    case 'bigint':
    case 'enum':
      return wireType.varint;
    case 'number':
      return wireType.fixed64;
    default:
      return wireType.bytes;
  }
}
