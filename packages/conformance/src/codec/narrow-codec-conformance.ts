import assert from 'node:assert/strict';
import type { Codec } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { needed } from '../needed.js';
import { rejectsWith } from '../rejects-with.js';
import type { Runner } from '../runner.js';
import { type ConformanceCase, type Fixture, type FixtureFactory, runSuite, type SuiteOptions } from '../suite.js';
import { assertRefused, assertRefusedOrAccepted, bytesOf, roundTrip, valueIn } from './bytes.js';
import { seededRandom } from './seeded-random.js';

/** A codec under test that carries one kind of value (`capabilities.only`). */
export interface NarrowCodecFixture extends Fixture {
  readonly codec: Codec;
}

/** What a codec must do that carries nothing but text, or nothing but bytes. */
export const narrowCodecCases: readonly ConformanceCase<NarrowCodecFixture>[] = [
  {
    name: 'every value of the one kind comes back as it was',
    async run({ codec }) {
      for (const value of samplesOf(codec)) assert.deepEqual(plain(roundTrip(codec, value)), plain(value));
    },
  },
  {
    name: 'nothing is written for undefined, and nothing is read as the empty value',
    async run({ codec }) {
      assert.equal(bytesOf(codec.open(), undefined).length, 0, 'something was written for undefined');
      assert.equal(lengthOf(valueIn(codec.open(), Buffer.alloc(0))), 0, 'no bytes are not the empty value');
    },
  },
  {
    name: 'any other kind of value is refused as bad input',
    async run({ codec }) {
      const other = needed(codec.capabilities.only, 'capabilities.only') === 'text' ? Buffer.from('a') : 'a';
      const others = [other, null, true, 1, 1n, Number.NaN, {}, [], ['a'], { length: 1 }, new Date(0), () => 'a'];
      for (const value of others) assertRefused(() => bytesOf(codec.open(), value), `a value of type ${typeof value}`);
      assert.equal(lengthOf(roundTrip(codec, samplesOf(codec)[1])), 1, 'the codec is damaged');
    },
  },
  {
    name: 'the decoder reads neither before its start nor past its end',
    async run({ codec }) {
      const session = codec.open();
      for (const value of samplesOf(codec)) {
        const bytes = bytesOf(session, value);
        const buffer = Buffer.alloc(bytes.length + 40, 0x41);
        bytes.copy(buffer, 13);
        const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 5, bytes.length + 20);
        assert.deepEqual(plain(session.decoder()(view, 8, 8 + bytes.length)), plain(value));
      }
    },
  },
  {
    name: 'the decoded value keeps no reference to the buffer',
    async run({ codec }) {
      for (const value of samplesOf(codec)) {
        const bytes = bytesOf(codec.open(), value);
        const decoded = valueIn(codec.open(), bytes);
        bytes.fill(0x2a);
        assert.deepEqual(plain(decoded), plain(value));
      }
    },
  },
  {
    name: 'the encoder writes at the position, keeps what is before it, and honours the limit to the byte',
    async run({ codec }) {
      for (const value of samplesOf(codec)) {
        const { length } = bytesOf(codec.open(), value);
        const sink = new BufferSink(length + 11, 16);
        sink.buffer.fill(0xee, 0, 11);
        sink.position = 11;
        codec.open().encoder()(value, sink);
        assert.equal(sink.position, length + 11, 'the position is not behind the value');
        assert.ok(sink.buffer.subarray(0, 11).equals(Buffer.alloc(11, 0xee)), 'what was written before is gone');
        assert.deepEqual(plain(codec.open().decoder()(sink.buffer, 11, sink.position)), plain(value));
        if (length === 0) continue;
        const tight = new BufferSink(length + 10);
        tight.position = 11;
        const error = await rejectsWith(() => codec.open().encoder()(value, tight), 'ResourceExhausted');
        assert.equal(error.executed, 'no');
      }
    },
  },
  {
    name: 'random bytes are refused or are a value that is written as they were, and no error repeats them',
    async run({ codec }) {
      const random = seededRandom(0x0b_17_e5);
      for (let round = 0; round < 2_000; round += 1) {
        const bytes = Buffer.from(
          Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 256)),
        );
        assertRefusedOrAccepted(
          () => {
            const again = bytesOf(codec.open(), valueIn(codec.open(), bytes));
            assert.ok(again.equals(bytes), `round ${round}: what was read is written otherwise`);
          },
          `round ${round}: ${bytes.toString('hex')}`,
        );
      }
      const secret = Buffer.concat([Buffer.from('hunter2-correct-horse'), Buffer.from([0xff])]);
      try {
        valueIn(codec.open(), secret);
      } catch (thrown) {
        assert.ok(!String(thrown).includes('hunter2'), 'the error repeats the input');
      }
    },
  },
];

/**
 * Tests a codec that carries one kind of value against the contract; `codecConformance` is for all others.
 *
 * @example
 * narrowCodecConformance({ describe, it }, { create: () => ({ codec: new LatinCodec(), dispose: async () => {} }) });
 */
export function narrowCodecConformance(
  runner: Runner,
  fixtures: FixtureFactory<NarrowCodecFixture>,
  options: SuiteOptions = {},
): void {
  runSuite(runner, 'Codec of one kind of value', narrowCodecCases, fixtures, options);
}

/** The empty value first, then one of length one. */
function samplesOf({ capabilities }: Codec): readonly (string | Uint8Array)[] {
  if (capabilities.only === 'text') {
    return ['', 'a', 'Zoë 🙂 "quoted"\r\n\u0000', '\ufeffmarked', '{"a":1}', '__proto__', 'ä🙂'.repeat(20_000)];
  }
  const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  return [all.slice(0, 0), all.slice(7, 8), all.subarray(3, 259), all, Buffer.from('tea')];
}

/** Bytes are compared as bytes, whatever class holds them. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

function lengthOf(value: unknown): number {
  assert.ok(typeof value === 'string' || value instanceof Uint8Array, 'it is neither text nor bytes');
  return value.length;
}
