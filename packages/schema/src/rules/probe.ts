import type { Predicate } from './predicate.js';

/**
 * Whether a predicate judges like class-validator's rule, as far as one can see from outside: on plain values of every
 * type and on values around the rule's own constraints.
 *
 * class-validator's metadata knows a rule by a name that anyone may give to a rule of their own, and some rules keep
 * options where the metadata does not show them. A rule that throws, answers with a promise, or disagrees once is not
 * the one we know.
 */
export function agrees(
  predicate: Predicate,
  rule: (value: unknown) => unknown,
  constraints: readonly unknown[],
): boolean {
  return probes(constraints).every((value) => {
    try {
      const verdict = rule(value);
      if (isThenable(verdict)) {
        verdict.then(undefined, () => undefined); // Only probed: how it ends is nobody's business.
        return false;
      }
      return Boolean(verdict) === predicate(value);
    } catch {
      return false;
    }
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function probes(constraints: readonly unknown[]): readonly unknown[] {
  return [...plainProbes(), ...constraints.flatMap(around)];
}

function plainProbes(): readonly unknown[] {
  const now = Date.now();
  return [
    ...[undefined, null, true, false, Object(true), Object('text'), Symbol.iterator, 10n, () => 1, /x/],
    ...[0, -0, 1, -1, 1.5, 2, 7, 0.001, 10, 100, -12.25, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, -1e300],
    ...[new Date(now), new Date(now - 3e12), new Date(now + 3e12), new Date(Number.NaN)],
    ...[{}, { key: 1 }, { key: null }, { key: undefined }, Object.create(null), new Map([[1, 2]]), new Set([1])],
    ...[
      [],
      [1],
      [1, 2, 3],
      [1, 1],
      [Number.NaN],
      [1.1, 1.2],
      ['a', 'A'],
      [{}, {}],
      [null],
      [undefined],
      ['one', 'two'],
    ],
    ...strings,
  ];
}

/** One or two strings that most of the string rules accept, and near misses. */
const strings: readonly string[] = Object.freeze([
  ...['', ' ', 'a', 'Z', 'text', 'TEXT', 'Two words', 'é', '漢字', '👍', '👍🏽', '❤️', '１２', 'ｱ', 'x'.repeat(70)],
  ...['0', '1', '-1', '1.5', '1e3', '0x1F', '0o17', '007', '12:30', '25:00', '443', '70000', 'true', 'null', '{"a":1}'],
  ...[
    'ada@example.org',
    'a.b+c@mail.example.com',
    'ada@example',
    'ada@@example.org',
    '"a b"@example.org',
    'ada@ex_a.org',
  ],
  ...['ada@gmail.com', 'Ada <ada@example.org>', 'ada@127.0.0.1', `${'a'.repeat(65)}@example.org`, 'käthe@exämple.org'],
  ...['https://example.org/a?b=c', 'example.org', 'localhost', 'ftp://example.org', '127.0.0.1', '::1', '10.0.0.256'],
  ...[
    'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
  ],
  ...[
    '00000000-0000-0000-0000-000000000000',
    'F47AC10B-58CC-4372-A567-0E02B2C3D479',
    'f47ac10b58cc4372a5670e02b2c3d479',
  ],
  ...['2024-02-29', '2023-02-29', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000+01:00', '2024-13-01', '20240229'],
  ...['deadbeef', '#ff8800', 'rgb(1,2,3)', 'rgb(1%,2%,3%)', 'hsl(1,2%,3%)', 'aGVsbG8=', 'JBSWY3DP', 'data:,x', '1.2.3'],
  ...['+41446681800', '4111111111111111', 'DE89370400440532013000', '978-3-16-148410-0', '4006381333931', '0378-5955'],
  ...[
    '00:1b:63:84:45:e6',
    '001b638445e6',
    '48.2,16.3',
    '91,181',
    'Europe/Vienna',
    'de',
    'de-AT',
    'AT',
    'AUT',
    '040',
    'EUR',
  ],
  ...[
    '507f1f77bcf86cd799439011',
    'text/plain',
    'aBc-123!xY9',
    '$10.50',
    '10,5',
    'US0378331005',
    'DEUTDEFF',
    'e30.e30.e30',
  ],
]);

/** Values that one constraint divides: the number and its neighbours, strings and arrays of that length, members of a list. */
function around(constraint: unknown): readonly unknown[] {
  if (typeof constraint === 'number') return aroundNumber(constraint);
  if (typeof constraint === 'string') return [constraint, `${constraint}x`, `x${constraint}`, constraint.toUpperCase()];
  if (constraint instanceof Date) return [-1, 0, 1].map((step) => new Date(constraint.getTime() + step));
  if (Array.isArray(constraint)) return [constraint, [...constraint], constraint.slice(1), ...constraint.slice(0, 8)];
  if (typeof constraint === 'function') return instanceOf(constraint);
  if (typeof constraint === 'object' && constraint !== null) {
    return [constraint, ...Object.keys(constraint).slice(0, 8), ...Object.values(constraint).slice(0, 8)];
  }
  return [constraint];
}

function aroundNumber(number: number): readonly unknown[] {
  const near = [number - 1, number - 0.5, number, number + 0.5, number + 1, number * 2, -number];
  const lengths = near.filter((length) => Number.isInteger(length) && length >= 0 && length <= 2_000);
  return [
    ...near,
    ...lengths.flatMap((length) => [
      'x'.repeat(length),
      '👍'.repeat(length),
      Array.from({ length }, (_, item) => item),
    ]),
  ];
}

function instanceOf(constraint: object): readonly unknown[] {
  const prototype: unknown = 'prototype' in constraint ? constraint.prototype : undefined;
  return typeof prototype === 'object' && prototype !== null ? [Object.create(prototype), constraint] : [constraint];
}
