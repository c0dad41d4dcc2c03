import { pack, unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { MsgpackReader, writeFields } from './msgpack.js';

describe('the dialect of memberlist', () => {
  test('what is written is read by a library of its own', () => {
    const long = 'x'.repeat(40);
    const written = writeFields({
      SeqNo: 0xdeadbeef,
      Small: 7,
      Byte: 200,
      Word: 40_000,
      Node: 'a',
      Long: long,
      Nack: true,
    });
    expect(unpack(written)).toEqual({
      ...{ SeqNo: 0xdeadbeef, Small: 7, Byte: 200, Word: 40_000, Node: 'a', Long: long, Nack: true },
    });
  });

  test('text and bytes are both raw, of one form', () => {
    const written = writeFields({ Addr: Buffer.from([127, 0, 0, 1]) });
    expect(written).toEqual(Buffer.from([0x81, 0xa4, 0x41, 0x64, 0x64, 0x72, 0xa4, 127, 0, 0, 1]));
    // No str8 (0xd9), which old members do not know.
    expect(writeFields({ a: 'x'.repeat(40) })[3]).toBe(0xda);
  });

  test('what a library writes is read, its newer forms too', () => {
    const packed = Buffer.from(
      pack({ Addr: Buffer.from([10, 0, 0, 1]), Port: 7946, Join: false, Vsn: [1, 5, 2], Long: 'x'.repeat(40) }),
    );
    const fields = new MsgpackReader(packed).fields();
    expect(fields.get('Addr')).toEqual(Buffer.from([10, 0, 0, 1]));
    expect(fields.get('Port')).toBe(7946);
    expect(fields.get('Join')).toBe(false);
    expect(fields.get('Vsn')).toEqual([1, 5, 2]);
    expect(String(fields.get('Long'))).toBe('x'.repeat(40));
  });
});

describe('bad bytes', () => {
  test('a message that is cut off anywhere is incomplete', () => {
    const written = writeFields({ Node: 'somebody', Meta: Buffer.alloc(300), SeqNo: 70_000 });
    for (let length = 0; length < written.length; length += 1) {
      const reader = new MsgpackReader(written.subarray(0, length));
      expect(() => reader.fields()).toThrow(/cut off/);
      expect(reader.hasRunOut).toBe(true);
    }
  });

  test.each([
    ['four thousand million members', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['lists within lists without end', Array<number>(64).fill(0x91)],
    ['an extension', [0xc7, 1, 1, 0]],
    ['no map', [0x01]],
    ['a field whose name is a number', [0x81, 0x01, 0x01]],
  ])('%s is refused', (_title, bytes) => {
    expect(() => new MsgpackReader(Buffer.from(bytes)).fields()).toThrow(/DataLoss/);
  });

  test('four thousand million bytes are not reserved', () => {
    expect(() => new MsgpackReader(Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])).value()).toThrow(/cut off/);
  });
});
