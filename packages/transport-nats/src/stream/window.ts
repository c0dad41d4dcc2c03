/** How many bytes of one direction of a stream may be under way or wait to be read, give or take one message. */
export const windowBytes = 256 * 1_024;

/** What a message takes of a window: small ones cost memory beside their bytes. */
export function costOf(bytes: number): number {
  return bytes + 256;
}
