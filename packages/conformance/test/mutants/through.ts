/** The same messages, with parts of their iterator replaced: a wire that treats them otherwise. */
export function through(
  messages: AsyncIterable<unknown>,
  change: (good: AsyncIterator<unknown>) => Partial<AsyncIterator<unknown>>,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const good = messages[Symbol.asyncIterator]();
      return {
        next: () => good.next(),
        return: async () => (await good.return?.()) ?? { value: undefined, done: true },
        ...change(good),
      };
    },
  };
}
