/** Repeats a check until it passes, and resolves with what it returned; fails with its last failure after `withinMs`. */
export async function eventually<T>(
  check: () => Promise<T> | T,
  { withinMs, everyMs = 20 }: { readonly withinMs: number; readonly everyMs?: number },
): Promise<T> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (failure) {
      if (performance.now() >= endsAt) throw failure;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
