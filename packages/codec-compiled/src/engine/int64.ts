/** Whether the plain codec has a place for a bigint too: int64 below, uint64 above. */
export function fitsInt64(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n;
}

/** Whether it is one of those that come back as a number, up to 2^53 either way. */
export function isSmall(value: bigint): boolean {
  return value <= 2n ** 53n && value >= -(2n ** 53n);
}
