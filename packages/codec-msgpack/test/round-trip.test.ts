import { BufferSink } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { expect, test } from 'vitest';
import { createMsgpackCodec } from './fixture.js';
import { roundTrippable } from './values.js';

const session = createMsgpackCodec().open();
const encode = session.encoder();
const decode = session.decoder();

function bytesOf(value: unknown): Buffer {
  const sink = new BufferSink(undefined, 8);
  encode(value, sink);
  return sink.bytes();
}

test('what was encoded comes back', () => {
  fc.assert(
    fc.property(roundTrippable(), (value) => {
      const bytes = bytesOf(value);
      expect(decode(bytes, 0, bytes.length)).toStrictEqual(value);
    }),
    { numRuns: 3_000 },
  );
});

test('another implementation reads what was encoded', () => {
  const unpackr = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'bigint', copyBuffers: true });
  fc.assert(
    fc.property(roundTrippable(), (value) => {
      expect(unpackr.unpack(new Uint8Array(bytesOf(value)))).toStrictEqual(value);
    }),
    { numRuns: 1_000 },
  );
});

test.each([true, false])('what another implementation encoded is read (short maps: %s)', (variableMapSize) => {
  const packr = new Packr({ useRecords: false, variableMapSize });
  fc.assert(
    fc.property(roundTrippable(), (value) => {
      const bytes = packr.pack(value);
      // msgpackr writes −0 as 0.
      expect(decode(bytes, 0, bytes.length)).toEqual(withoutMinusZero(value));
    }),
    { numRuns: 1_000 },
  );
});

function withoutMinusZero(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutMinusZero(field)]));
}
