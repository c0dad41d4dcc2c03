/** Whether what a handler returned is a promise of whatever kind: a library's own, or a query that runs when it is asked. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
