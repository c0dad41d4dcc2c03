/** The `err_code`s that are asked for by name; all of them stand in the server's `errors.json`. */
export const jetStreamErrors = Object.freeze({
  consumerNotFound: 10_014,
  messageNotFound: 10_037,
  notEnabledForAccount: 10_039,
  streamNameInUse: 10_058,
  streamNotFound: 10_059,
  subjectsOverlap: 10_065,
});

/** Whether an `err_code` says that a limit is reached: of the account, of memory, of messages, bytes or the size of one. */
export function isLimitReached(number: number): boolean {
  return limits.includes(number);
}

const limits: readonly number[] = [10_002, 10_023, 10_028, 10_047, 10_054, 10_077, 10_110];
