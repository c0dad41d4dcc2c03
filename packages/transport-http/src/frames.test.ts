import { describe, expect, test } from 'vitest';
import { FrameReader, frame, frameType } from './frames.js';

const hello = Buffer.from('hello');

function reading(maxBytes = 100) {
  const frames: [number, string][] = [];
  const reader = new FrameReader({ onFrame: (type, bytes) => frames.push([type, bytes.toString()]) }, maxBytes);
  return { reader, frames };
}

test('a frame is its type, its length in four bytes, and its bytes', () => {
  expect(frame(frameType.message, hello).toString('hex')).toBe('000000000568656c6c6f');
  expect(frame(frameType.end, Buffer.alloc(0)).toString('hex')).toBe('0100000000');
  expect(frame(frameType.enough, Buffer.alloc(0)).toString('hex')).toBe('0200000000');
});

describe('frames are read', () => {
  const body = Buffer.concat([frame(0, hello), frame(0, Buffer.alloc(0)), frame(0, Buffer.from('x')), frame(1, hello)]);
  const all = [
    [0, 'hello'],
    [0, ''],
    [0, 'x'],
    [1, 'hello'],
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 11, 100])('from chunks of %i bytes', (size) => {
    const { reader, frames } = reading();
    for (let start = 0; start < body.length; start += size) reader.read(body.subarray(start, start + size));
    expect(frames).toEqual(all);
  });

  test('cut in two at any byte', () => {
    for (let cut = 0; cut <= body.length; cut += 1) {
      const { reader, frames } = reading();
      reader.read(body.subarray(0, cut));
      reader.read(body.subarray(cut));
      expect(frames).toEqual(all);
    }
  });

  test('100,000 at once, without growing the stack', () => {
    const { reader, frames } = reading();
    reader.read(Buffer.concat(new Array(100_000).fill(frame(0, Buffer.from('x')))));
    expect(frames).toHaveLength(100_000);
  });

  test('into memory of their own', () => {
    const kept: Buffer[] = [];
    const reader = new FrameReader({ onFrame: (_type, bytes) => kept.push(bytes) }, 100);
    const chunk = frame(0, hello);
    reader.read(chunk);
    chunk.fill(0);
    expect(kept[0]?.toString()).toBe('hello');
  });

  test('no more once it is told to stop, even in the middle of a chunk', () => {
    const frames: number[] = [];
    const reader: FrameReader = new FrameReader({ onFrame: (type) => frames.push(type) && reader.stop() }, 100);
    reader.read(body);
    expect(frames).toEqual([0]);
  });
});

test('a frame over the limit is refused by its head, whole or in pieces, and one of the limit is not', () => {
  const head = Buffer.from('00ffffffff', 'hex');
  expect(() => reading().reader.read(head)).toThrow(/4294967295 bytes in a stream is over the limit of 100/);
  const { reader } = reading();
  reader.read(head.subarray(0, 3));
  expect(() => reader.read(head.subarray(3))).toThrow(expect.objectContaining({ code: 'ResourceExhausted' }));
  const exact = reading();
  exact.reader.read(frame(0, Buffer.alloc(100, 'x')));
  expect(exact.frames).toHaveLength(1);
  expect(() => exact.reader.read(frame(0, Buffer.alloc(101, 'x')))).toThrow(/over the limit/);
});

test('a type that there is not is refused', () => {
  expect(() => reading().reader.read(Buffer.from('0300000000', 'hex'))).toThrow(
    expect.objectContaining({ code: 'InvalidArgument' }),
  );
});
