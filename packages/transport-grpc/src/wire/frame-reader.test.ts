import { expect, test } from 'vitest';
import { seeded } from '../../test/seeded.js';
import { FrameReader } from './frame-reader.js';

function readerWith(maxBytes = 1_000) {
  const read: [string, boolean][] = [];
  const reader = new FrameReader(
    { onFrame: (bytes, compressed) => read.push([bytes.toString('latin1'), compressed]) },
    maxBytes,
  );
  return { reader, read };
}

const framed = (text: string, flag = 0): string =>
  `${String.fromCharCode(flag)}\0\0\0${String.fromCharCode(text.length)}${text}`;
const three = framed('one') + framed('', 1) + framed('three', 1);

test('messages are cut wherever the chunks are', () => {
  for (let size = 1; size <= three.length; size += 1) {
    const { reader, read } = readerWith();
    for (let start = 0; start < three.length; start += size) {
      reader.read(Buffer.from(three.slice(start, start + size), 'latin1'));
    }
    expect(read).toEqual([
      ['one', false],
      ['', true],
      ['three', true],
    ]);
    expect(reader.inMiddle).toBe(false);
  }
});

test('a body that ends anywhere inside a message is known to', () => {
  for (let length = 1; length < 8; length += 1) {
    const { reader } = readerWith();
    reader.read(Buffer.from(framed('one').slice(0, length), 'latin1'));
    expect(reader.inMiddle, `after ${length} bytes`).toBe(true);
  }
});

test('100,000 messages in one chunk are read in one go', () => {
  const { reader, read } = readerWith();
  reader.read(Buffer.from(framed('x').repeat(100_000), 'latin1'));
  expect(read).toHaveLength(100_000);
});

test.each([2, 3, 127, 128, 255])('a first byte of %d is refused', (flag) => {
  const { reader, read } = readerWith();
  expect(() => reader.read(Buffer.from(framed('x', flag), 'latin1'))).toThrow(
    expect.objectContaining({ code: 'Internal' }),
  );
  expect(read).toEqual([]);
});

test.each([1_001, 2 ** 31 - 1, 2 ** 32 - 1])('a length of %d is refused before a byte of it has come', (length) => {
  const { reader } = readerWith();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  expect(() => reader.read(head)).toThrow(expect.objectContaining({ code: 'ResourceExhausted' }));
});

test('what comes after stop is dropped, also in the middle of a chunk', () => {
  const read: string[] = [];
  const reader = new FrameReader(
    {
      onFrame: (bytes) => {
        read.push(bytes.toString());
        reader.stop();
      },
    },
    100,
  );
  reader.read(Buffer.from(three, 'latin1'));
  reader.read(Buffer.from(three, 'latin1'));
  expect(read).toEqual(['one']);
});

test('100,000 generated bodies are cut or refused, and nothing else', () => {
  const next = seeded(36);
  const codes = new Set<string>();
  let messages = 0;
  for (let turn = 0; turn < 100_000; turn += 1) {
    const receiver = {
      onFrame: (bytes: Buffer) => {
        expect(bytes.length).toBeLessThanOrEqual(64);
        messages += 1;
      },
    };
    const reader = new FrameReader(receiver, 64);
    const bodies = Array.from({ length: next(5) }, () => {
      // Most heads tell the truth.
      const head = [next(30) === 0 ? next(256) : next(2), 0, 0, next(60) === 0 ? next(256) : 0, next(68)];
      const length = next(20) === 0 ? next(68) : (head[4] ?? 0);
      return Buffer.concat([Buffer.from(head), Buffer.alloc(length, next(256))]);
    });
    const bytes = Buffer.concat(bodies);
    try {
      for (let start = 0; start < bytes.length; ) {
        const end = start + 1 + next(8);
        reader.read(bytes.subarray(start, end));
        start = end;
      }
    } catch (error) {
      codes.add((error as { readonly code: string }).code);
    }
  }
  expect([...codes].sort()).toEqual(['Internal', 'ResourceExhausted']);
  expect(messages).toBeGreaterThan(10_000);
});
