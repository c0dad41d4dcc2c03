import assert from 'node:assert/strict';
import type { CodecSession } from '@tenon/contract';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, assertRefusedOrAccepted, bytesOf, valueIn } from './bytes.js';
import type { CodecFixture } from './fixture.js';
import { assertClean, damaged, memoryBytes, randomBytes, replaced } from './hostile-bytes.js';
import { seededRandom } from './seeded-random.js';

/** What a decoder does with input that nobody wrote in good faith. */
export const inputCases: readonly ConformanceCase<CodecFixture>[] = [
  {
    name: 'bytes that are 64 deep are read, 65 deep are refused',
    async run({ codec, nested }) {
      for (const bytes of nested(64)) valueIn(codec.open(), bytes);
      for (const bytes of nested(65)) assertRefused(() => valueIn(codec.open(), bytes), 'input 65 deep');
    },
  },
  {
    name: 'bytes that are 100,000 deep are refused without overflowing the stack',
    async run({ codec, nested }) {
      const session = codec.open();
      for (const bytes of nested(100_000)) {
        assertRefused(() => valueIn(session, bytes), 'input 100,000 deep');
        assertRefused(() => valueIn(session, bytes.subarray(0, bytes.length >> 1)), 'half of an input 100,000 deep');
      }
      assert.equal(valueIn(session, bytesOf(session, 'after')), 'after');
    },
  },
  {
    name: 'a claimed length beyond the bytes is refused before anything is allocated by it',
    async run({ codec, overclaiming }) {
      const session = codec.open();
      for (const bytes of overclaiming) {
        const before = memoryBytes();
        assertRefused(() => valueIn(session, bytes), `${bytes.length} bytes that claim more`);
        const grown = memoryBytes() - before;
        assert.ok(grown < 16 * 1_024 * 1_024, `refusing ${bytes.length} bytes allocated ${grown} bytes`);
      }
    },
  },
  {
    name: 'input cut short at any byte is refused or is a value, and never another error',
    async run({ codec }) {
      const session = codec.open();
      const bytes = bytesOf(session, sample);
      for (let end = 0; end < bytes.length; end += 1) {
        const cut = Buffer.from(bytes.subarray(0, end));
        assertRefusedOrAccepted(() => valueIn(session, cut), `the first ${end} of ${bytes.length} bytes`);
      }
      assertRefused(() => valueIn(session, Buffer.alloc(0)), 'empty input');
      assertRefused(() => valueIn(session, bytes.subarray(0, bytes.length - 1)), 'all but the last byte');
      assertRefused(() => valueIn(session, bytes.subarray(0, bytes.length >> 1)), 'half of the bytes');
    },
  },
  {
    name: 'bytes behind the value are refused',
    async run({ codec }) {
      const session = codec.open();
      const bytes = bytesOf(session, sample);
      for (const trailing of [bytes, Buffer.from([0x00]), Buffer.from([0xff]), bytesOf(session, null)]) {
        assertRefused(() => valueIn(session, Buffer.concat([bytes, trailing])), `${trailing.length} bytes too many`);
      }
    },
  },
  {
    name: 'random and damaged bytes are refused or are a value, and never another error',
    async run({ codec }) {
      const session = codec.open();
      const random = seededRandom(0x7e_40_4e);
      const good = bytesOf(session, sample);
      for (let round = 0; round < 2_000; round += 1) {
        const bytes = round % 2 === 0 ? randomBytes(random) : damaged(good, random);
        assertRefusedOrAccepted(() => valueIn(session, bytes), `round ${round}: ${bytes.toString('hex')}`);
      }
      assertSampleWorks(session);
    },
  },
  {
    name: 'keys named __proto__ and constructor never touch a prototype',
    async run({ codec }) {
      const session = codec.open();
      // Same length as the hostile key, so that a format with lengths stays intact when one replaces the other.
      for (const [stand, hostile] of [
        ['__pr0t0__', '__proto__'],
        ['c0nstruct0r', 'constructor'],
        ['pr0t0type', 'prototype'],
      ] as const) {
        for (const value of [
          { [stand]: { polluted: true } },
          { a: [{ [stand]: { polluted: true, prototype: { polluted: true } } }] },
        ]) {
          const bytes = replaced(bytesOf(session, value), stand, hostile);
          assertRefusedOrAccepted(() => assertClean(valueIn(session, bytes)), `a key named ${hostile}`);
        }
      }
      const own: unknown = JSON.parse('{"__proto__":{"polluted":true},"a":[{"__proto__":[1]}],"constructor":1}');
      assertRefusedOrAccepted(() => assertClean(valueIn(session, bytesOf(session, own))), 'an own key __proto__');
      assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'Object.prototype was polluted');
    },
  },
  {
    name: 'an error never repeats what was read',
    async run({ codec }) {
      const session = codec.open();
      const bytes = bytesOf(session, { password: secret, list: [secret] });
      const hostile = [
        bytes.subarray(0, bytes.length - 1),
        Buffer.concat([bytes, Buffer.from(secret)]),
        Buffer.concat([Buffer.from(secret), bytes]),
        Buffer.concat([bytes, bytes]),
      ];
      for (const input of hostile) {
        const error = assertRefused(() => valueIn(session, input), 'malformed input');
        for (const said of [error.message, JSON.stringify(error.toRecord()), String(error.cause ?? '')]) {
          // Also in part: some engines quote the first few characters.
          for (let at = 0; at + 6 <= secret.length; at += 1) {
            assert.ok(!said.includes(secret.slice(at, at + 6)), `the error repeats the input: ${said}`);
          }
        }
      }
    },
  },
];

const sample = Object.freeze({
  id: 4_294_967_296,
  name: 'Zoë 🙂 "quoted"',
  price: 12.75,
  tags: ['a', 'bc', ''],
  nested: { yes: true, none: null, list: [[1, -70_000], { deep: [{}] }] },
  long: 'x'.repeat(300),
});

const secret = 'hunter2-correct-horse';

function assertSampleWorks(session: CodecSession): void {
  const again = valueIn(session, bytesOf(session, sample)) as typeof sample;
  assert.equal(again.name, sample.name, 'the session is damaged');
}
