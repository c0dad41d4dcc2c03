import assert from 'node:assert/strict';
import type { CodecSession, Schema, Sink } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, assertRefusedOrAccepted, bytesOf, roundTrip, valueIn } from './bytes.js';
import { assertClean, damaged, memoryBytes, randomBytes, replaced } from './hostile-bytes.js';
import { assertSameData } from './same-data.js';
import { fullSample, sample } from './sample.js';
import { seededRandom } from './seeded-random.js';
import { TightSink } from './tight-sink.js';
import type { TypedCodecFixture } from './typed-fixture.js';

/** How a codec with schemas treats what it is lent, and input that nobody wrote in good faith. */
export const typedInputCases: readonly ConformanceCase<TypedCodecFixture>[] = [
  {
    name: 'the decoder reads neither before its start nor past its end',
    async run({ codec, schema }) {
      const session = codec.open();
      const value = fullSample(codec.capabilities);
      const bytes = bytesOf(session, value, schema);
      for (const poison of [0x00, 0x0a, 0x20, 0x22, 0x7d, 0x81, 0xff]) {
        const buffer = Buffer.alloc(bytes.length + 40, poison);
        bytes.copy(buffer, 13);
        assertSameData(session.decoder(schema)(buffer, 13, 13 + bytes.length), value);
        // A view that itself starts inside a larger block of memory, and is no Buffer.
        const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 5, bytes.length + 20);
        assertSameData(session.decoder(schema)(view, 8, 8 + bytes.length), value);
      }
      const text = bytesOf(session, sample({ text: 'one' }), schema);
      assertRefused(() => session.decoder(schema)(text, 0, text.length - 1), 'a value that ends past the end');
    },
  },
  {
    name: 'the decoded value keeps no reference to the buffer',
    async run({ codec, schema }) {
      const session = codec.open();
      const bytes = bytesOf(session, fullSample(codec.capabilities), schema);
      const untouched = valueIn(session, Buffer.from(bytes), schema);
      const decoded = valueIn(session, bytes, schema);
      bytes.fill(0xaa);
      assertSameData(decoded, untouched);
    },
  },
  {
    name: 'the encoder writes at the position, through ensure, to the byte of the limit',
    async run({ codec, schema }) {
      const session = codec.open();
      for (const value of [fullSample(codec.capabilities), sample({ text: 'ä'.repeat(10_000), reals: [1, 2] })]) {
        const bytes = bytesOf(session, value, schema);
        const tight = new TightSink();
        session.encoder(schema)(value, tight);
        assert.ok(tight.buffer.subarray(0, tight.position).equals(bytes), 'the bytes differ where the sink grows');
        const exact = new BufferSink(bytes.length + 3, 16);
        exact.buffer.fill(0xee, 0, 3);
        exact.position = 3;
        session.encoder(schema)(value, exact);
        assert.equal(exact.position, bytes.length + 3);
        assert.ok(exact.buffer.subarray(0, 3).equals(Buffer.alloc(3, 0xee)), 'what was written before is gone');
        assert.ok(exact.buffer.subarray(3, exact.position).equals(bytes), 'the bytes differ behind others');
        const error = await rejectsWith(
          () => encodeInto(session, schema, value, new BufferSink(bytes.length - 1)),
          'ResourceExhausted',
        );
        assert.equal(error.executed, 'no');
      }
    },
  },
  {
    name: 'a getter may encode another value, or throw, with the same encoder',
    async run({ codec, schema }) {
      const session = codec.open();
      const encode = session.encoder(schema);
      const [outer, inner] = [new BufferSink(), new BufferSink()];
      const within = sample({ text: 'x'.repeat(3_000) });
      const value = {
        ...sample({ texts: ['x'.repeat(100)] }),
        get inner() {
          inner.reset();
          encode(within, inner);
          return sample({ text: 'y'.repeat(100) });
        },
      };
      encode(value, outer);
      assertSameData(valueIn(session, outer.bytes(), schema), {
        ...sample({ texts: ['x'.repeat(100)] }),
        inner: sample({ text: 'y'.repeat(100) }),
      });
      assertSameData(valueIn(session, inner.bytes(), schema), within);
      const start = outer.position;
      const throws = {
        ...sample(),
        get text(): never {
          throw new Error('the getter failed');
        },
      };
      assert.throws(() => encode({ ...sample(), list: [throws] }, outer), 'a getter that throws was passed over');
      outer.position = start;
      encode(within, outer);
      assertSameData(session.decoder(schema)(outer.buffer, start, outer.position), within);
    },
  },
  {
    name: "the caller's value is not changed",
    async run({ codec, schema }) {
      const value = { ...fullSample(codec.capabilities), extra: undefined };
      const copy = structuredClone(value);
      bytesOf(codec.open(), frozen(value), schema);
      assert.deepEqual(structuredClone(value), copy);
    },
  },
  {
    name: 'a field that the schema does not know is passed over',
    async run({ codec, schema, withUnknownField }) {
      const session = codec.open();
      const value = fullSample(codec.capabilities);
      const bytes = withUnknownField(bytesOf(session, value, schema), 'new in another version');
      assertSameData(valueIn(session, bytes, schema), value);
    },
  },
  {
    name: 'bytes that are 64 deep are read, 65 and 100,000 deep are refused',
    async run({ codec, schema, nested }) {
      const session = codec.open();
      for (const bytes of nested(64)) valueIn(session, bytes, schema);
      for (const bytes of nested(65)) assertRefused(() => valueIn(session, bytes, schema), 'input 65 deep');
      for (const bytes of nested(100_000)) {
        assertRefused(() => valueIn(session, bytes, schema), 'input 100,000 deep');
        assertRefused(() => valueIn(session, bytes.subarray(0, bytes.length >> 1), schema), 'half of it');
      }
    },
  },
  {
    name: 'a claimed length beyond the bytes is refused before anything is allocated by it',
    async run({ codec, schema, overclaiming }) {
      const session = codec.open();
      for (const bytes of overclaiming) {
        const before = memoryBytes();
        assertRefused(() => valueIn(session, bytes, schema), `${bytes.length} bytes that claim more`);
        const grown = memoryBytes() - before;
        assert.ok(grown < 16 * 1_024 * 1_024, `refusing ${bytes.length} bytes allocated ${grown} bytes`);
      }
    },
  },
  {
    name: 'input that is cut short, random or damaged is refused or is a value, and never another error',
    async run({ codec, schema }) {
      const session = codec.open();
      const value = fullSample(codec.capabilities);
      const good = bytesOf(session, value, schema);
      for (let end = 0; end < good.length; end += 1) {
        const cut = Buffer.from(good.subarray(0, end));
        assertRefusedOrAccepted(() => assertClean(valueIn(session, cut, schema)), `the first ${end} bytes`);
      }
      const random = seededRandom(0x7e_40_4e);
      for (let round = 0; round < 2_000; round += 1) {
        const bytes = round % 2 === 0 ? randomBytes(random) : damaged(good, random);
        const hex = `round ${round}: ${bytes.toString('hex')}`;
        assertRefusedOrAccepted(() => assertClean(valueIn(session, bytes, schema)), hex);
      }
      assertSameData(roundTrip(codec, value, schema), value);
    },
  },
  {
    name: 'keys named __proto__ and constructor never touch a prototype',
    async run({ codec, schema }) {
      const session = codec.open();
      for (const [stand, hostile] of [
        ['__pr0t0__', '__proto__'],
        ['c0nstruct0r', 'constructor'],
        ['pr0t0type', 'prototype'],
      ] as const) {
        const value = sample({ entries: { [stand]: sample({ text: 'polluted' }) } });
        const bytes = replaced(bytesOf(session, value, schema), stand, hostile);
        assertRefusedOrAccepted(() => assertClean(valueIn(session, bytes, schema)), `a key named ${hostile}`);
      }
      const own = JSON.parse('{"__proto__":{},"constructor":{}}') as Record<string, unknown>;
      for (const key of Object.keys(own)) {
        Object.defineProperty(own, key, { value: sample(), enumerable: true, configurable: true, writable: true });
      }
      const value = { ...sample(), entries: own };
      assertRefusedOrAccepted(() => assertClean(roundTrip(codec, value, schema)), 'an own key __proto__');
      assert.equal(({} as { text?: unknown }).text, undefined, 'Object.prototype was polluted');
    },
  },
  {
    name: 'an error never repeats what was read',
    async run({ codec, schema, withUnknownField }) {
      const session = codec.open();
      const bytes = bytesOf(session, sample({ text: secret, texts: [secret] }), schema);
      const hostile = [
        bytes.subarray(0, bytes.length - 1),
        Buffer.concat([Buffer.from(secret), bytes]),
        withUnknownField(bytes, secret).subarray(0, -1),
      ];
      for (const input of hostile) {
        const error = assertRefused(() => valueIn(session, input, schema), 'malformed input');
        for (const said of [error.message, JSON.stringify(error.toRecord()), String(error.cause ?? '')]) {
          for (let at = 0; at + 6 <= secret.length; at += 1) {
            assert.ok(!said.includes(secret.slice(at, at + 6)), `the error repeats the input: ${said}`);
          }
        }
      }
    },
  },
];

async function encodeInto(session: CodecSession, schema: Schema, value: unknown, sink: Sink): Promise<void> {
  session.encoder(schema)(value, sink);
}

const secret = 'hunter2-correct-horse';
