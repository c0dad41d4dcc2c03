/**
 * Pearson's statistic of counts against the shares that were promised: how far they are from what chance alone would give.
 *
 * @param shares - in any unit; equal ones by default.
 */
export function chiSquare(counts: readonly number[], shares: readonly number[] = counts.map(() => 1)): number {
  const calls = sum(counts);
  const whole = sum(shares);
  return sum(
    counts.map((count, index) => {
      const expected = (calls * (shares[index] as number)) / whole;
      return (count - expected) ** 2 / expected;
    }),
  );
}

/** The value that the statistic exceeds with a chance of 0.001, by its degrees of freedom, found by halving. */
export function chiSquareBound(degrees: number): number {
  let [low, high] = [0, 10 * degrees + 50];
  for (let turn = 0; turn < 100; turn += 1) {
    const middle = (low + high) / 2;
    if (chanceBelow(middle, degrees) < 0.999) low = middle;
    else high = middle;
  }
  return low;
}

/** The regularized lower gamma function P(degrees ÷ 2, value ÷ 2), by its series (Abramowitz and Stegun, 6.5.29). */
function chanceBelow(value: number, degrees: number): number {
  const x = value / 2;
  // The first term: x^a e^−x ÷ Γ(a + 1), where Γ(a + 1) is the product of a, a − 1, … down to 1 or to ½ √π.
  let term = degrees % 2 === 0 ? Math.exp(-x) : Math.exp(-x) / Math.sqrt(Math.PI * x);
  for (let a = degrees % 2 === 0 ? 1 : 0.5; a <= degrees / 2; a += 1) term *= x / a;
  let total = 0;
  for (let n = degrees / 2 + 1; n <= x || term > 1e-16; n += 1) {
    total += term;
    term *= x / n;
  }
  return total;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
