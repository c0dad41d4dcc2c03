/**
 * A promise that rejects in a moment, for what has failed already: by then whoever gets it has handled it. Of one that is
 * rejected from the start Node takes note as unhandled, keeps it until the end of the turn, and is told of the handler then,
 * which takes longer than the call that failed.
 */
export async function rejected(thrown: unknown): Promise<never> {
  await undefined;
  throw thrown;
}
