/**
 * The same random numbers in every run, from 0 to 1: Marsaglia's xorshift32 (2003), its words spread by a multiplication.
 */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (Math.imul(state, 0x9e3779b1) >>> 0) / 2 ** 32;
  };
}

/** Lets `Math.random` give them, without a spy that would remember millions of calls. Returns what undoes it, for `beforeEach`. */
export function seedMathRandom(seed: number): () => void {
  const { random } = Math;
  Math.random = seededRandom(seed);
  return () => {
    Math.random = random;
  };
}
