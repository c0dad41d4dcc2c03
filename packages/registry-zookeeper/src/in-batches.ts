/** What `work` makes of each name, a few hundred at a time: each waits with a deadline of its own, and the last must not wait for all. */
export async function inBatches<T>(
  names: readonly string[],
  work: (name: string) => Promise<T> | T,
): Promise<readonly (readonly [name: string, result: T])[]> {
  const results: (readonly [string, T])[] = [];
  for (let from = 0; from < names.length; from += batch) {
    const some = names.slice(from, from + batch).map(async (name) => [name, await work(name)] as const);
    results.push(...(await Promise.all(some)));
  }
  return results;
}

const batch = 256;
