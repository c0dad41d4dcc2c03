import assert from 'node:assert/strict';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, bytesOf, roundTrip, valueIn } from './bytes.js';
import { assertSameData } from './same-data.js';
import { fullSample, nestedSample, type Sample, sample } from './sample.js';
import type { TypedCodecFixture } from './typed-fixture.js';
import { valueTable } from './value-table.js';

/** Which values of a schema survive, and which are refused. */
export const typedValueCases: readonly ConformanceCase<TypedCodecFixture>[] = [
  {
    name: 'every field of a sample comes back as it was',
    async run({ codec, schema }) {
      for (const value of samples()) assertSameData(roundTrip(codec, value, schema), value);
      const full = fullSample(codec.capabilities);
      assertSameData(roundTrip(codec, full, schema), full);
    },
  },
  {
    name: 'what one session wrote another one reads',
    async run({ codec, schema }) {
      const [writer, reader] = [codec.open(), codec.open()];
      const value = fullSample(codec.capabilities);
      for (let turn = 0; turn < 3; turn += 1) {
        assertSameData(valueIn(reader, bytesOf(writer, value, schema), schema), value);
      }
    },
  },
  {
    name: 'bytes, dates and bigints come back exact, or are refused where the codec has none',
    async run({ codec, schema }) {
      const backing = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      const { bytes, dates, bigints } = codec.capabilities;
      const moments = ['1970-01-01T00:00:00.000Z', '1901-12-13T20:45:51.999Z', '9999-12-31T23:59:59.999Z'];
      for (const [has, parts] of [
        [bytes, [backing.slice(0, 0), backing.subarray(3, 259), backing].map((one) => ({ bytes: one }))],
        [dates, moments.map((text) => ({ at: new Date(text) }))],
        [bigints, [0n, 5n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)].map((big) => ({ big }))],
      ] as const) {
        for (const part of parts) {
          const value = { ...sample(), ...part };
          if (has) assertSameData(roundTrip(codec, value, schema), value);
          else assertRefused(() => bytesOf(codec.open(), value, schema), 'a value that the codec has no form for');
        }
      }
    },
  },
  {
    name: 'NaN and the infinities come back, or are refused where the codec has none',
    async run({ codec, schema }) {
      for (const real of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const value of [sample({ real }), sample({ reals: [1, real] })]) {
          if (codec.capabilities.nonFinite) assertSameData(roundTrip(codec, value, schema), value);
          else assertRefused(() => bytesOf(codec.open(), value, schema), 'a number that is not finite');
        }
      }
    },
  },
  {
    name: 'half a surrogate pair is kept, replaced or refused as the fixture says',
    async run({ codec, schema, loneSurrogates }) {
      for (const text of ['\ud800', 'a\udc00b', `${'x'.repeat(300)}\ud83d`]) {
        const value = sample({ text });
        if (loneSurrogates === 'refused') assertRefused(() => roundTrip(codec, value, schema), 'half a surrogate pair');
        else {
          const expected = loneSurrogates === 'kept' ? text : Buffer.from(text).toString();
          assertSameData(roundTrip(codec, value, schema), sample({ text: expected }));
        }
      }
    },
  },
  {
    name: 'a field that is absent or undefined is absent again',
    async run({ codec, schema }) {
      const decoded = roundTrip(codec, { ...sample(), inner: undefined, choice: undefined }, schema) as object;
      for (const field of ['inner', 'choice', 'bytes', 'at', 'big']) {
        assert.ok(!Object.hasOwn(decoded, field), `${field} is there, and nobody sent it`);
      }
    },
  },
  {
    name: 'an instance of a class is written as a record of its fields, twice where it occurs twice',
    async run({ codec, schema }) {
      class Made {}
      const made = Object.assign(new Made(), sample({ text: 'made' }));
      assertSameData(roundTrip(codec, sample({ list: [made, made] }), schema), {
        ...sample(),
        list: [sample({ text: 'made' }), sample({ text: 'made' })],
      });
    },
  },
  {
    name: 'a value that does not fit its schema is refused, and the error names the field and not the value',
    async run({ codec, schema }) {
      for (const [field, wrong] of misfits) {
        const value = sample({ inner: { ...sample(), [field]: wrong } as Sample });
        const error = assertRefused(() => bytesOf(codec.open(), value, schema), `${field} of another type`);
        assert.ok(error.rawMessage.includes(field), `the error does not name ${field}: ${error.rawMessage}`);
        assert.ok(!error.rawMessage.includes('hunter2'), `the error repeats the value: ${error.rawMessage}`);
      }
      for (const value of [1, 'hunter2', null, [], undefined, () => 1]) {
        assertRefused(() => bytesOf(codec.open(), value, schema), `a ${typeof value} in the place of a sample`);
      }
    },
  },
  {
    name: 'without a schema neither values nor bytes are taken',
    async run({ codec, schema }) {
      const session = codec.open();
      for (const value of [sample(), [1], 'text', 7, true]) {
        assertRefused(() => bytesOf(session, value), 'a value without a schema');
      }
      const bytes = bytesOf(session, sample({ text: 'a' }), schema);
      assertRefused(() => valueIn(session, bytes), 'bytes without a schema');
    },
  },
  {
    name: 'a value that is 64 deep comes back, one that is 65 deep is refused',
    async run({ codec, schema }) {
      for (const by of ['inner', 'list', 'entries'] as const) {
        const deep = nestedSample(64, by);
        assertSameData(roundTrip(codec, deep, schema), deep);
        assertRefused(() => bytesOf(codec.open(), nestedSample(65, by), schema), 'a value 65 deep');
      }
    },
  },
  {
    name: 'a value that is 100,000 deep, or holds itself, is refused without overflowing the stack',
    async run({ codec, schema }) {
      const cycle: Record<string, unknown> = { ...sample() };
      cycle['inner'] = cycle;
      for (const value of [nestedSample(100_000, 'list'), nestedSample(100_000, 'inner'), cycle]) {
        assertRefused(() => bytesOf(codec.open(), value, schema), 'a value without an end');
      }
    },
  },
  {
    name: 'the content type and its aliases are lower case, without parameters, each once',
    async run({ codec }) {
      const types = [codec.contentType, ...codec.aliases];
      for (const type of types) assert.match(type, /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/);
      assert.equal(new Set(types).size, types.length, 'a content type is listed twice');
    },
  },
];

/** Every text and number of the table, and one field at a time. */
function samples(): readonly Sample[] {
  const scalars = valueTable().flatMap(({ value }) => (Array.isArray(value) ? value : [value]));
  const texts = scalars.filter((value) => typeof value === 'string');
  const reals = scalars.filter((value) => typeof value === 'number');
  return [
    sample(),
    sample({ flag: true }),
    ...texts.map((text) => sample({ text, texts: [text, '', text] })),
    sample({ texts, reals }),
    ...reals.map((real) => sample({ real, reals: [real], whole: Number.isSafeInteger(real) ? real : 1 })),
    sample({ choice: 'red' }),
    sample({ inner: sample(), list: [sample(), sample({ choice: 'red' })] }),
    sample({ entries: { constructor: sample(), toString: sample({ text: 'x' }), length: sample() } }),
    sample({ list: new Array(1_000).fill(sample({ whole: 1 })) }),
  ];
}

const misfits: readonly (readonly [field: keyof Sample, wrong: unknown])[] = [
  ['text', 1],
  ['text', undefined],
  ['text', null],
  ['flag', 'hunter2'],
  ['whole', 1.5],
  ['whole', 2 ** 53],
  ['whole', 'hunter2'],
  ['real', 'hunter2'],
  ['texts', 'hunter2'],
  ['texts', ['a', undefined]],
  ['texts', [['hunter2']]],
  ['reals', [1, 'hunter2']],
  ['list', [null]],
  ['list', { hunter2: 1 }],
  ['choice', 'hunter2'],
  ['inner', 'hunter2'],
  ['entries', ['hunter2']],
  ['entries', { hunter2: 1 }],
];
