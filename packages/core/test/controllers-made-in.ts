/** How many abort controllers are made while `body` runs: making one per call is what the hot path avoids. */
export async function controllersMadeIn(body: () => unknown): Promise<number> {
  const original = globalThis.AbortController;
  let made = 0;
  globalThis.AbortController = new Proxy(original, {
    construct(target, parameters) {
      made += 1;
      return Reflect.construct(target, parameters);
    },
  });
  try {
    await body();
  } finally {
    globalThis.AbortController = original;
  }
  return made;
}
