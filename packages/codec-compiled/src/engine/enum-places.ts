/** Tells the place of a value among those of an enum; undefined for any that is not exactly one of them. */
export function places(values: readonly (string | number)[]): (value: unknown) => number | undefined {
  const byValue = new Map<unknown, number>(values.map((value, place) => [keyOf(value), place]));
  return (value) => byValue.get(value === 0 ? keyOf(value) : value);
}

/** A map takes −0 for 0. */
function keyOf(value: unknown): unknown {
  return Object.is(value, -0) ? minusZero : value;
}

const minusZero = Symbol('-0');
