/** The same promise, whose rejection may wait until the case looks at it, and is no second failure where it never does. */
export function kept<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
