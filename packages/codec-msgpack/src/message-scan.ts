import { ServiceError } from '@tenon/contract';
import { uint16, uint32 } from './big-endian.js';
import { losesByteOrderMark } from './byte-order-mark.js';
import { textBytes, textStartsWith } from './text-bytes.js';
import { isTimestamp, timestampType } from './timestamp.js';

/** What a message may hold at most. */
export interface ScanLimits {
  /** Arrays and maps inside each other. */
  readonly maxDepth: number;
  /** Values in all: each element, each field, each array and map. */
  readonly maxElements: number;
}

/**
 * Walks a message without recursion and without allocating, and refuses what must not reach the unpacker: nesting and
 * counts beyond the limits, lengths beyond the bytes that are there, cut or trailing bytes, the unused byte 0xc1, every
 * extension but timestamps (so also the records of msgpackr, which it would compile into code), keys that are no
 * strings, and the key `__proto__`.
 *
 * One instance may be used again and again, but not within a call of itself; nothing here runs foreign code.
 */
export class MessageScan {
  readonly #limits: ScanLimits;
  /** Of each container around the current one: the values still to come, and whether each has a key before it. */
  readonly #outerLeft: Float64Array;
  readonly #outerKeyed: Uint8Array;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
    this.#outerLeft = new Float64Array(limits.maxDepth);
    this.#outerKeyed = new Uint8Array(limits.maxDepth);
  }

  /**
   * Returns if the bytes from `start` up to, not including, `end` are one well-formed value within the limits.
   *
   * @returns the offsets of the strings that {@link losesByteOrderMark}; nearly always there are none.
   * @throws ServiceError `InvalidArgument` that says what is wrong and at which byte after `start`.
   */
  check(buffer: Uint8Array, start: number, end: number): number[] | undefined {
    const { maxDepth, maxElements } = this.#limits;
    let marked: number[] | undefined;
    let elements = 0;
    let depth = 0;
    let left = 1;
    let keyed = 0;
    let position = start;

    for (;;) {
      if (keyed === 1) {
        const key = position;
        position = afterKey(buffer, key, start, end);
        if (losesByteOrderMark(buffer, key)) marked = noted(marked, key);
      }
      const at = position;
      if (at >= end) throw cutShort(at - start);
      elements += 1;
      if (elements > maxElements) throw refusal(`more than ${maxElements} values`, at - start);

      const first = buffer[at] as number;
      if (isContainer(first)) {
        if (depth === maxDepth) throw refusal(`nesting of more than ${maxDepth}`, at - start);
        position = at + 1 + countBytes(first);
        if (position > end) throw cutShort(at - start);
        const children = count(buffer, at);
        const childKeyed = isMap(first) ? 1 : 0;
        // Each child takes a byte or more, and so does a key: a larger count is a lie and must not size anything.
        if (children * (1 + childKeyed) > end - position) throw cutShort(at - start);
        if (children > 0) {
          this.#outerLeft[depth] = left;
          this.#outerKeyed[depth] = keyed;
          depth += 1;
          left = children;
          keyed = childKeyed;
          continue;
        }
      } else {
        position = afterScalar(buffer, at, start, end);
        if (position > end) throw cutShort(at - start);
        if (isLongText(first) && losesByteOrderMark(buffer, at)) marked = noted(marked, at);
      }

      left -= 1;
      while (left === 0) {
        if (depth === 0) {
          if (position < end) throw refusal('more than one value', position - start);
          return marked;
        }
        depth -= 1;
        left = (this.#outerLeft[depth] as number) - 1;
        keyed = this.#outerKeyed[depth] as number;
      }
    }
  }
}

function isContainer(first: number): boolean {
  return (first >= 0x80 && first < 0xa0) || (first >= 0xdc && first < 0xe0);
}

function isMap(first: number): boolean {
  return first < 0x90 || first >= 0xde;
}

/** How many bytes behind the first byte of a container hold its count. */
function countBytes(first: number): number {
  if (first < 0xa0) return 0;
  return first === 0xdd || first === 0xdf ? 4 : 2;
}

function count(buffer: Uint8Array, at: number): number {
  const first = buffer[at] as number;
  if (first < 0xa0) return first & 0x0f;
  return countBytes(first) === 4 ? uint32(buffer, at + 1) : uint16(buffer, at + 1);
}

function isFixText(first: number): boolean {
  return first >= 0xa0 && first < 0xc0;
}

function isLongText(first: number): boolean {
  return first >= 0xd9 && first < 0xdc;
}

function noted(offsets: number[] | undefined, offset: number): number[] {
  if (offsets === undefined) return [offset];
  offsets.push(offset);
  return offsets;
}

/** The offset behind a key, which is there as a whole. */
function afterKey(buffer: Uint8Array, at: number, start: number, end: number): number {
  if (at >= end) throw cutShort(at - start);
  const first = buffer[at] as number;
  if (!isFixText(first) && !isLongText(first)) throw refusal('a map key that is no string', at - start);
  const after = afterScalar(buffer, at, start, end);
  if (after > end) throw cutShort(at - start);
  if (textBytes(buffer, at) === protoKey.length && textStartsWith(buffer, at, protoKey)) {
    throw refusal('the map key __proto__', at - start);
  }
  return after;
}

/** The offset behind a value that is no container. It may be beyond `end`: then the value is cut short. */
function afterScalar(buffer: Uint8Array, at: number, start: number, end: number): number {
  const first = buffer[at] as number;
  if (first < 0x80 || first >= 0xe0) return at + 1;
  if (isFixText(first)) return at + 1 + (first & 0x1f);
  switch (first) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at + 1;
    case 0xc1:
      throw refusal('the unused byte 0xc1', at - start);
    case 0xcc:
    case 0xd0:
      return at + 2;
    case 0xcd:
    case 0xd1:
      return at + 3;
    case 0xca:
    case 0xce:
    case 0xd2:
      return at + 5;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return at + 9;
    case 0xc4:
    case 0xd9:
      return at + 2 <= end ? at + 2 + (buffer[at + 1] as number) : at + 2;
    case 0xc5:
    case 0xda:
      return at + 3 <= end ? at + 3 + uint16(buffer, at + 1) : at + 3;
    case 0xc6:
    case 0xdb:
      return at + 5 <= end ? at + 5 + uint32(buffer, at + 1) : at + 5;
    default:
      return afterExtension(buffer, at, start, end);
  }
}

/** Timestamps pass, in the forms that the specification gives them: 0xd6, 0xd7 and 0xc7. */
function afterExtension(buffer: Uint8Array, at: number, start: number, end: number): number {
  const first = buffer[at] as number;
  const data = at + (first === 0xc7 ? 3 : first === 0xc8 ? 4 : first === 0xc9 ? 6 : 2);
  if (data > end) return data;
  const type = buffer[data - 1] as number;
  if (type !== timestampType) throw refusal(`extension type ${(type << 24) >> 24}`, at - start);
  const length = first === 0xc7 ? (buffer[at + 1] as number) : first === 0xd6 ? 4 : first === 0xd7 ? 8 : 0;
  if (data + length <= end && !isTimestamp(buffer, data, length)) {
    throw refusal('a timestamp that is no date', at - start);
  }
  return data + length;
}

function cutShort(offset: number): ServiceError {
  return new ServiceError('InvalidArgument', `malformed MessagePack: cut short at byte ${offset}`, { executed: 'no' });
}

function refusal(what: string, offset: number): ServiceError {
  return new ServiceError('InvalidArgument', `refused MessagePack: ${what} at byte ${offset}`, { executed: 'no' });
}

/** `__proto__` */
const protoKey = [0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f] as const;
