/** A value by one or two of its kinds, and every way to write it, in hexadecimal. */
export interface Exam {
  readonly nil?: null;
  readonly bool?: boolean;
  /** In hexadecimal: `00-ff`. */
  readonly binary?: string;
  readonly number?: number;
  readonly bignum?: string;
  readonly string?: string;
  readonly array?: readonly unknown[];
  readonly map?: Readonly<Record<string, unknown>>;
  /** Seconds since 1970, and nanoseconds of the last. */
  readonly timestamp?: readonly [number, number];
  /** A type, and its bytes in hexadecimal. */
  readonly ext?: readonly [number, string];
  readonly msgpack: readonly string[];
}

/** The value as our reader gives it: numbers beyond 2^53 as `bigint`, timestamps as `Date`, to the millisecond. */
export function expectedOf(exam: Exam): unknown {
  if (exam.number !== undefined) return exam.number;
  if (exam.bignum !== undefined) return BigInt(exam.bignum);
  if (exam.binary !== undefined) return Uint8Array.from(Buffer.from(exam.binary.replaceAll('-', ''), 'hex'));
  if (exam.timestamp !== undefined) {
    const [seconds, nanoseconds] = exam.timestamp;
    return new Date(seconds * 1_000 + Math.floor(nanoseconds / 1_000_000));
  }
  return exam.bool ?? exam.string ?? exam.array ?? exam.map ?? null;
}
