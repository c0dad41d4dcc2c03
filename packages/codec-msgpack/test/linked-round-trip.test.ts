import type { CodecSession } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { expect, test } from 'vitest';
import { createMsgpackCodec } from './fixture.js';

const codec = createMsgpackCodec();
const alone = codec.open();

/** Records of few names, so that lists of names come again, also almost: with one more, one less, in another order. */
function similarRecords(): fc.Arbitrary<unknown> {
  const name = fc.constantFrom('id', 'name', 'price', '0', '', 'ключ', 'a-longer-name', 'x'.repeat(40));
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, undefined, true, 7, -300, 1.5, 'text', 2n ** 60n),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.uint8Array({ maxLength: 9 }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: true }),
      fc.record({ id: tie('value'), name: tie('value'), price: fc.double() }, { noNullPrototype: true }),
    ),
  })).value;
}

function bytesOf(session: CodecSession, value: unknown): Buffer {
  const sink = new BufferSink(undefined, 8);
  session.encoder()(value, sink);
  return sink.bytes();
}

const valueIn = (session: CodecSession, bytes: Uint8Array): unknown => session.decoder()(bytes, 0, bytes.length);

test('linked sessions give what sessions alone give, whenever announcements are taken', () => {
  const turn = fc.tuple(similarRecords(), fc.boolean());
  let smaller = 0;
  fc.assert(
    fc.property(fc.array(turn, { minLength: 4, maxLength: 24 }), (turns) => {
      const [writer, reader] = [codec.open({ linked: true }), codec.open({ linked: true })];
      for (const [value, takes] of turns) {
        const bytes = bytesOf(writer, value);
        const single = bytesOf(alone, value);
        if (bytes.length < single.length) smaller += 1;
        expect(valueIn(reader, bytes)).toStrictEqual(valueIn(alone, single));
        expect(valueIn(reader, single)).toStrictEqual(valueIn(alone, single));
        const announcement = takes ? writer.announce?.() : undefined;
        if (announcement !== undefined) reader.learn?.(announcement, 0, announcement.length);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(smaller, 'structures were used').toBeGreaterThan(1_000);
});

test('a session that has seen much reads and writes as one that has seen nothing, and as another implementation', () => {
  const unpackr = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'bigint', copyBuffers: true });
  fc.assert(
    fc.property(similarRecords(), (value) => {
      const fresh = createMsgpackCodec().open();
      const bytes = bytesOf(alone, value);
      expect(bytes.equals(bytesOf(fresh, value))).toBe(true);
      const read = valueIn(alone, bytes);
      expect(read).toStrictEqual(valueIn(fresh, bytes));
      expect(read).toStrictEqual(unpackr.unpack(new Uint8Array(bytes)));
    }),
    { numRuns: 2_000 },
  );
});

test('damaged messages are read or refused alike by a session that has seen much and one that has seen nothing', () => {
  const outcome = (session: CodecSession, bytes: Uint8Array): unknown => {
    try {
      return { value: valueIn(session, bytes) };
    } catch (thrown) {
      return { refusal: (thrown as Error).message };
    }
  };
  const unpackr = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'bigint', copyBuffers: true });
  const damage = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean());
  let values = 0;
  fc.assert(
    fc.property(similarRecords(), fc.array(damage, { minLength: 1, maxLength: 3 }), (value, damages) => {
      let bytes = bytesOf(alone, value);
      for (const [at, byte, cuts] of damages) {
        if (cuts) bytes = bytes.subarray(0, bytes.length - (byte % 4));
        else if (bytes.length > 0) bytes[at % bytes.length] = byte;
      }
      const seen = outcome(alone, bytes);
      expect(seen).toStrictEqual(outcome(createMsgpackCodec().open(), bytes));
      if (!Object.hasOwn(seen as object, 'value')) return;
      values += 1;
      expect(seen).toStrictEqual({ value: unpackr.unpack(new Uint8Array(bytes)) });
    }),
    { numRuns: 4_000 },
  );
  expect(values, 'some are still values').toBeGreaterThan(500);
});
