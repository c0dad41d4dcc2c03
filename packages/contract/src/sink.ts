/**
 * A place to write bytes at: encoders put a value at `position` and move it on.
 *
 * The owner lends the sink for the length of one encoder call. An encoder calls `ensure` before it writes past the end,
 * reads `buffer` again afterwards (growing may have replaced it), and never keeps a reference to it. On an error it may
 * leave anything behind `position` as it was at the start, which is where the owner goes back to.
 */
export interface Sink {
  /** Where to write. Replaced by `ensure` when it had to grow. */
  buffer: Buffer;
  /** The offset of the next byte to write. */
  position: number;
  /** Makes room for `bytes` more at `position`, which stays as it is. Throws `ServiceError` `ResourceExhausted` beyond the owner's limit. */
  ensure(bytes: number): void;
}

/** The default bound of an encoded value: 4 MiB, gRPC's default for a received message. */
export const defaultMaxMessageBytes = 4 * 1_024 * 1_024;
