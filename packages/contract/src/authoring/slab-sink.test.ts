import { expect, test } from 'vitest';
import { SlabSink } from './slab-sink.js';

test('messages that are cut out stay as they are, whatever is written after them', () => {
  const sink = new SlabSink();
  const messages = Array.from({ length: 1_000 }, (_, index) => write(sink, index % 256, (index * 37) % 900));
  expect(messages.every((message, index) => message.equals(Buffer.alloc((index * 37) % 900, index % 256)))).toBe(true);
  expect(new Set(messages.map(({ buffer }) => buffer)).size).toBeLessThan(20);
});

test('one that outgrows its memory keeps what is written, and its place', () => {
  const sink = new SlabSink();
  write(sink, 1, 30_000);
  sink.begin();
  const start = sink.position;
  for (let count = 0; count < 100; count += 1) {
    sink.ensure(1_000);
    sink.buffer.fill(count, sink.position, sink.position + 1_000);
    sink.position += 1_000;
  }
  expect(sink.position - start).toBe(100_000);
  const message = sink.end();
  const pieces = Array.from({ length: 100 }, (_, count) => Buffer.alloc(1_000, count));
  expect(message.equals(Buffer.concat(pieces))).toBe(true);
  expect(write(sink, 7, 10).equals(Buffer.alloc(10, 7))).toBe(true);
  expect(message.equals(Buffer.concat(pieces))).toBe(true);
});

test('what was begun and not ended is forgotten', () => {
  const sink = new SlabSink();
  sink.begin();
  sink.position += 100;
  expect(write(sink, 3, 5).equals(Buffer.alloc(5, 3))).toBe(true);
});

test('the limit is that of one message', () => {
  const sink = new SlabSink();
  const most = 4 * 1_024 * 1_024;
  write(sink, 1, 30_000);
  expect(write(sink, 1, most)).toHaveLength(most);
  write(sink, 1, 30_000);
  sink.begin();
  expect(() => sink.ensure(most + 1)).toThrow(/a message of 4194305 bytes or more is over the limit of 4194304/);
  expect(write(sink, 2, 10)).toHaveLength(10);
});

test('a large message is not kept once it is cut out', () => {
  const sink = new SlabSink();
  const large = write(sink, 1, 100_000);
  expect(sink.buffer.buffer).not.toBe(large.buffer);
  expect(sink.buffer.length).toBeLessThan(large.length);
});

function write(sink: SlabSink, byte: number, bytes: number): Buffer {
  sink.begin();
  sink.ensure(bytes);
  sink.buffer.fill(byte, sink.position, sink.position + bytes);
  sink.position += bytes;
  return sink.end();
}
