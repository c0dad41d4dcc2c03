/** Whole numbers from 0 up to a bound, the same in each run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    // The low bits of such a generator repeat soon.
    return Math.floor((state / 0x8000_0000) * below);
  };
}
