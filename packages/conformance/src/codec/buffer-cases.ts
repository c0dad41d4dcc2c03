import assert from 'node:assert/strict';
import { BufferSink } from '@tenon/contract/authoring';
import { frozen } from '../frozen.js';
import { rejectsWith } from '../rejects-with.js';
import type { ConformanceCase } from '../suite.js';
import { assertRefused, bytesOf, valueIn } from './bytes.js';
import type { CodecFixture } from './fixture.js';
import { assertSameData } from './same-data.js';
import { TightSink } from './tight-sink.js';

/** How codecs treat what they are lent: the sink, the buffer, the value. */
export const bufferCases: readonly ConformanceCase<CodecFixture>[] = [
  {
    name: 'the decoder reads neither before its start nor past its end',
    async run({ codec }) {
      const session = codec.open();
      for (const value of [message, 12, 'text', [1, 2], true]) {
        const bytes = bytesOf(session, value);
        for (const poison of [0x00, 0x20, 0x22, 0x39, 0x5d, 0x81, 0xa1, 0xff]) {
          const buffer = Buffer.alloc(bytes.length + 40, poison);
          bytes.copy(buffer, 13);
          assertSameData(session.decoder()(buffer, 13, 13 + bytes.length), value);
          // A view that itself starts inside a larger block of memory, and is no Buffer.
          const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 5, bytes.length + 20);
          assertSameData(session.decoder()(view, 8, 8 + bytes.length), value);
        }
      }
      // The byte that would complete the value stands right behind the end.
      for (const value of [message, 'text', [1, 2]]) {
        const bytes = bytesOf(session, value);
        assertRefused(() => session.decoder()(bytes, 0, bytes.length - 1), 'a value that ends one byte past the end');
      }
    },
  },
  {
    name: 'the decoded value keeps no reference to the buffer',
    async run({ codec }) {
      const session = codec.open();
      const value = { text: 'x'.repeat(2_000), short: 'abc', bytes: Buffer.alloc(500, 7), few: Buffer.from([1, 2, 3]) };
      const bytes = bytesOf(session, value);
      const untouched = valueIn(session, Buffer.from(bytes));
      const decoded = valueIn(session, bytes);
      bytes.fill(0xaa);
      assertSameData(decoded, untouched);
    },
  },
  {
    name: 'the encoder writes at the position and keeps what is before it',
    async run({ codec }) {
      const session = codec.open();
      const sink = new BufferSink(undefined, 16);
      sink.buffer.fill(0xee, 0, 11);
      sink.position = 11;
      session.encoder()(message, sink);
      const first = sink.position;
      session.encoder()('second', sink);
      assert.ok(sink.buffer.subarray(0, 11).equals(Buffer.alloc(11, 0xee)), 'what was written before is gone');
      assertSameData(session.decoder()(sink.buffer, 11, first), message);
      assert.equal(session.decoder()(sink.buffer, first, sink.position), 'second');
    },
  },
  {
    name: 'the encoder grows the sink through ensure and uses the buffer that it then has',
    async run({ codec }) {
      const session = codec.open();
      for (const value of [message, 'x'.repeat(5_000), 'ä🙂'.repeat(2_000), new Array(3_000).fill(123_456)]) {
        const sink = new TightSink();
        session.encoder()(value, sink);
        assertSameData(session.decoder()(sink.buffer, 0, sink.position), value);
      }
    },
  },
  {
    name: 'the sink limit is honoured to the byte, and leaves the session usable',
    async run({ codec }) {
      const session = codec.open();
      for (const value of [message, 'x'.repeat(65_536), 'ä'.repeat(10_000), new Array(5_000).fill('item')]) {
        const bytes = bytesOf(session, value).length;
        const roomy = new BufferSink(bytes + 3);
        roomy.position = 3;
        session.encoder()(value, roomy);
        assert.equal(roomy.position, bytes + 3, 'a value that fits the limit exactly takes what it takes elsewhere');
        const tight = new BufferSink(bytes + 2);
        tight.position = 3;
        const error = await rejectsWith(() => session.encoder()(value, tight), 'ResourceExhausted');
        assert.equal(error.executed, 'no');
      }
      assertSameData(valueIn(session, bytesOf(session, message)), message);
    },
  },
  {
    name: 'a getter may encode another value with the same encoder',
    async run({ codec }) {
      const session = codec.open();
      const encode = session.encoder();
      const inner = new BufferSink();
      const value = {
        before: ['x'.repeat(100), { a: 1 }],
        get nested() {
          inner.reset();
          encode({ inner: [1, 2, { three: 'x'.repeat(3_000) }] }, inner);
          return { outer: inner.position > 3_000 };
        },
        after: 'y'.repeat(100),
      };
      const outer = new BufferSink();
      encode(value, outer);
      assertSameData(valueIn(session, outer.bytes()), {
        before: ['x'.repeat(100), { a: 1 }],
        nested: { outer: true },
        after: 'y'.repeat(100),
      });
      assertSameData(valueIn(session, inner.bytes()), { inner: [1, 2, { three: 'x'.repeat(3_000) }] });
    },
  },
  {
    name: 'a getter that throws leaves the session usable and what was written before untouched',
    async run({ codec }) {
      const session = codec.open();
      const encode = session.encoder();
      const sink = new BufferSink();
      encode('kept', sink);
      const start = sink.position;
      const value = {
        before: ['x'.repeat(50)],
        get broken(): never {
          throw new Error('the getter failed');
        },
      };
      for (const thrower of [value, [value], { deep: { value } }]) {
        assert.throws(() => encode(thrower, sink), 'a getter that throws was passed over');
        sink.position = start;
      }
      encode(message, sink);
      assert.equal(session.decoder()(sink.buffer, 0, start), 'kept');
      assertSameData(session.decoder()(sink.buffer, start, sink.position), message);
    },
  },
  {
    name: "the caller's value is not changed",
    async run({ codec }) {
      const session = codec.open();
      const bytes = Buffer.from([1, 2, 3]);
      const at = new Date(1_700_000_000_000);
      const value = { ...message, bytes, at, gone: undefined, list: [undefined, bytes, at], odd: [Number.NaN] };
      const copy = structuredClone(value);
      bytesOf(session, frozen(value));
      assert.deepEqual(structuredClone(value), copy);
    },
  },
];

const message = frozen({ id: 7, name: 'Zoë 🙂', tags: ['a', 'b'], nested: { yes: true, none: null } });
