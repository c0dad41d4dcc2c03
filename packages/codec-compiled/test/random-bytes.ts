/**
 * So many inputs from a seed, quickly: fast-check's own arrays of bytes would take most of the time. Half of them are damaged
 * copies of the samples, which get further than noise does.
 *
 * Each stands in the memory of the one before, and what is left of that stands behind it.
 *
 * @param longest - bytes of noise.
 */
export function* randomBytes(
  count: number,
  seed: number,
  samples: readonly Uint8Array[],
  longest = 96,
): Generator<Buffer> {
  const memory = Buffer.alloc(Math.max(longest, ...samples.map(({ length }) => length)) + 64);
  let state = seed;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let index = 0; index < count; index += 1) {
    if (index % 2 === 0) {
      const sample = samples[next() % samples.length] as Uint8Array;
      memory.set(sample);
      const damages = sample.length < 64 ? 1 : 1 + (next() % 4);
      for (let left = damages; left > 0; left -= 1) memory[next() % sample.length] = next();
      // Some are cut short, or have a byte too many.
      const cut = next() % 16;
      yield memory.subarray(0, cut === 0 ? next() % sample.length : sample.length + (cut === 1 ? 1 : 0));
    } else {
      const length = next() % longest;
      for (let at = 0; at < length; at += 1) memory[at] = next() % 3 === 0 ? next() % 4 : next();
      yield memory.subarray(0, length);
    }
  }
}

/** Runs what throws a million times, without stacks, which nobody looks at and most of the time would go to. */
export function withoutStacks<T>(run: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = before;
  }
}
