import fc from 'fast-check';

/** Values that the codec promises to bring back exactly, nested a few levels deep. */
export function roundTrippable(): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(null, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      text(),
      // Smaller ones come back as numbers.
      fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(
        text().filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 20, noNullPrototype: true },
      ),
    ),
  })).value;
}

/** Short and long, of one byte per character and of more. */
function text(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary-ascii', minLength: 20, maxLength: 400 }),
    fc.string({ unit: 'grapheme', minLength: 60, maxLength: 90 }).map((rest) => `\ufeff${rest}`),
  );
}
