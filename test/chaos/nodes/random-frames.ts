/** Numbers that repeat themselves: what broke something once can be made again. (mulberry32) */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to below `below`. */
  integer(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  of<T>(...some: readonly T[]): T {
    return some[this.integer(some.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.integer(256);
    return bytes;
  }
}

/** Keys that mean something to JavaScript, and some that do not. */
const keys = ['__proto__', 'constructor', 'prototype', 'then', 'toString', 'hasOwnProperty', 'id', 'text', 'polluted'];

/** A value as a bad peer would like it, as JSON. */
export function hostileJson(random: Random, depth = 0): string {
  const kind = random.integer(depth > 5 ? 5 : 8);
  if (kind === 0) return random.of('true', 'false', 'null', '1e999', '-0', '12345678901234567890');
  if (kind === 1) return JSON.stringify(random.of(...keys));
  if (kind === 2) return String(random.integer(1_000_000));
  if (kind === 3) return `"${random.of('\\u0000', '\\ud800', 'é', 'x'.repeat(random.integer(40)))}"`;
  if (kind === 4) return '{}';
  const items = Array.from({ length: random.integer(4) }, () => hostileJson(random, depth + 1));
  if (kind === 5) return `[${items.join(',')}]`;
  return `{${items.map((item) => `"${random.of(...keys)}":${item}`).join(',')}}`;
}

/** The same in MessagePack. */
export function hostileMsgpack(random: Random, depth = 0): Buffer {
  const kind = random.integer(depth > 5 ? 4 : 8);
  if (kind === 0) return Buffer.from([random.of(0xc0, 0xc2, 0xc3, 0x7f, 0xe0)]);
  if (kind === 1) return packedText(random.of(...keys));
  if (kind === 2) return Buffer.concat([Buffer.from([random.of(0xca, 0xcb, 0xcc, 0xcf, 0xd3)]), random.bytes(8)]);
  if (kind === 3) return Buffer.from([0x80]);
  const count = random.integer(4);
  const items = Array.from({ length: count }, () => hostileMsgpack(random, depth + 1));
  if (kind === 4) return Buffer.concat([Buffer.from([0x90 | count]), ...items]);
  if (kind === 5) return Buffer.concat([Buffer.from([random.of(0xdd, 0xdf, 0xdb, 0xc6)]), random.bytes(4)]);
  return Buffer.concat([
    Buffer.from([0x80 | count]),
    ...items.flatMap((item) => [packedText(random.of(...keys)), item]),
  ]);
}

function packedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa0 | text.length]), Buffer.from(text)]);
}

/** What came out of a generator, damaged now and then: a byte changed, a piece cut out, or its end. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  const kind = random.integer(6);
  const at = random.integer(bytes.length + 1);
  if (kind === 0 && bytes.length > 0) {
    const copy = Buffer.from(bytes);
    copy[at % copy.length] = random.integer(256);
    return copy;
  }
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(8))]);
  return kind === 2 ? bytes.subarray(0, at) : bytes;
}
