import fc from 'fast-check';
import type { Sample } from './sample-class.js';

/** Any sample, as a plain object. */
export const arbitrarySample: () => fc.Arbitrary<Sample> = () =>
  fc.letrec<{ sample: Sample }>((tie) => ({
    sample: fc.record(
      {
        text: fc.string({ unit: 'grapheme' }),
        flag: fc.boolean(),
        whole: fc.maxSafeInteger(),
        real: fc.double(),
        texts: fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 4 }),
        reals: fc.array(fc.double(), { maxLength: 4 }),
        list: fc.oneof(
          { maxDepth: 3, withCrossShrink: true },
          fc.constant([]),
          fc.array(tie('sample'), { maxLength: 3 }),
        ),
        choice: fc.constantFrom('red' as const, 'dark green' as const),
        inner: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), tie('sample')),
        entries: fc.oneof(
          { maxDepth: 2 },
          fc.constant(undefined),
          fc.dictionary(
            fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((key) => !(key in {})),
            tie('sample'),
            {
              maxKeys: 1,
              minKeys: 1,
              noNullPrototype: true,
            },
          ),
        ) as unknown as fc.Arbitrary<Map<string, Sample>>,
        bytes: fc.uint8Array({ maxLength: 200 }),
        at: fc.date({
          min: new Date('0001-01-01T00:00:00.000Z'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      },
      { requiredKeys: ['text', 'flag', 'whole', 'real', 'texts', 'reals', 'list'] },
    ) as fc.Arbitrary<Sample>,
  })).sample;
