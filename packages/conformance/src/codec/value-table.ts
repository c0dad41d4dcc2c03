import { frozen } from '../frozen.js';

/** Values that every codec carries, by what they show. Frozen. */
export function valueTable(): readonly NamedValue[] {
  // What awaits a decoded value must not take it for a promise.
  const thenable = Object.fromEntries([['then', 1]]);
  return frozen<readonly NamedValue[]>([
    { name: 'null', value: null },
    { name: 'booleans', value: [true, false] },
    { name: 'small integers', value: [0, 1, -1, 31, -32, -33, 127, 128, -128, -129, 255, 256] },
    { name: 'integers around 2^15 and 2^16', value: [32_767, 32_768, -32_768, -32_769, 65_535, 65_536] },
    {
      name: 'integers around 2^31 and 2^32',
      value: [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32],
    },
    { name: 'the safe integers', value: [2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 52 + 1] },
    { name: 'minus zero, as one of the zeros', value: [-0] },
    { name: 'fractions', value: [0.1, -0.1, 1.5, 1 / 3, Math.PI, Number.EPSILON] },
    {
      name: 'very large and very small numbers',
      value: [Number.MAX_VALUE, Number.MIN_VALUE, 1e21, 1e-7, 2 ** 53, 2 ** 64],
    },
    { name: 'the empty string', value: '' },
    { name: 'plain text', value: 'The quick brown fox' },
    { name: 'text that looks like syntax', value: `{"a":[1,"\\\\]}${'[{'.repeat(500)}` },
    { name: 'control characters', value: '\u0000\u0001\b\t\n\f\r\u001f\u007f\u0085\u2028\u2029' },
    { name: 'text of other scripts', value: ['Ü', 'жук', '日本語', 'עברית', 'é', '\ufeff', '\uffff'] },
    { name: 'emoji', value: ['🙂', '👩‍👩‍👧‍👦', '🇪🇺', '🙂'.repeat(20)] },
    { name: 'strings around 2^5 and 2^8', value: [31, 32, 255, 256].map((length) => 'x'.repeat(length)) },
    { name: 'a string of 64 KiB', value: 'abcdefgh'.repeat(8_192) },
    { name: 'a string of 64 KiB of two-byte characters', value: 'ä'.repeat(32_768) },
    { name: 'empty containers', value: [[], {}, [[]], { a: {} }, { a: [] }] },
    { name: 'an array of mixed values', value: [null, true, 1, 'a', [], {}, [null, { b: false }]] },
    { name: 'arrays around 2^4 and 2^16', value: [15, 16, 65_536].map((length) => new Array(length).fill(1)) },
    { name: 'nested records', value: { a: { b: { c: { d: [1, { e: null }] } } } } },
    { name: 'records around 2^4 fields', value: [15, 16, 300].map((length) => recordOf(length)) },
    { name: 'a thousand siblings', value: new Array(1_000).fill(0).map((_, index) => [{ index }]) },
    {
      name: 'keys that are numbers, empty or long',
      value: { '0': 'a', '-1': 'b', '': 'c', [`k${'y'.repeat(300)}`]: 'd' },
    },
    { name: 'keys of other scripts', value: { ключ: 1, '🔑': 2, 'a b': 3, 'a.b': 4, 'a"b': 5 } },
    { name: 'keys named like methods', value: { ...thenable, toString: 2, hasOwnProperty: 3, length: 4, toJSON: 'x' } },
    {
      name: 'a typical message',
      value: {
        id: '9d1c0c6e-6a0f-4c56-9b57-5f2f5a3fd8d1',
        customer: { name: 'Ada', email: 'ada@example.org', vip: true },
        items: [
          { sku: 'tea', amount: 2, price: 4.5 },
          { sku: 'pot', amount: 1, price: 31 },
        ],
        note: null,
      },
    },
  ]);
}

/** A value and what it shows. */
export interface NamedValue {
  readonly name: string;
  readonly value: unknown;
}

function recordOf(fields: number): Record<string, number> {
  return Object.fromEntries(new Array(fields).fill(0).map((_, index) => [`field${index}`, index]));
}
