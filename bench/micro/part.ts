/** One part of the call path, alone. */
export interface Part {
  /** What it does, as its group: `encode`, `pick a node`. */
  readonly group: string;
  readonly name: string;
  /** Does it so many times over. Returns something that depends on all of it, or a promise of it. */
  readonly run: (times: number) => unknown;
}

/** A part that is a plain function. */
export function part(group: string, name: string, once: () => unknown): Part {
  const run = (times: number): unknown => {
    let last: unknown;
    for (let time = 0; time < times; time += 1) last = once();
    return last;
  };
  return { group, name, run };
}

/** A part that is awaited, one after the other. */
export function awaited(group: string, name: string, once: () => Promise<unknown>): Part {
  const run = async (times: number): Promise<unknown> => {
    let last: unknown;
    for (let time = 0; time < times; time += 1) last = await once();
    return last;
  };
  return { group, name, run };
}
