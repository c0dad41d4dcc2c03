import { noMetadata } from '@tenon/contract';
import { expect, test } from 'vitest';
import { TestSocket } from '../test/test-socket.js';
import { BufferPool } from './buffer-pool.js';
import { headFrame, nameFrame } from './frame.js';
import { FrameWriter } from './frame-writer.js';
import { PayloadCursor } from './payload-cursor.js';
import { ProtocolViolation } from './protocol-violation.js';
import { MetadataReader, MetadataWriter } from './wire-metadata.js';

/** Two ends of one direction: what one writes the other reads. */
function newDirection() {
  const socket = new TestSocket();
  const writer = new FrameWriter(socket.duplex, new BufferPool(), true);
  const metadataWriter = new MetadataWriter(writer);
  const reader = new MetadataReader();
  let taken = 0;
  return {
    socket,
    send(metadata: Readonly<Record<string, string>>): { read: unknown; names: number; bytes: number } {
      const entries = metadataWriter.announce(metadata);
      writer.begin(headFrame, 1);
      metadataWriter.write(metadata);
      writer.end();
      writer.flush();
      const frames = socket.frames.slice(taken);
      taken += frames.length;
      const names = frames.filter(({ type }) => type === nameFrame);
      for (const { payload } of names) {
        const cursor = new PayloadCursor().over(payload, 0, payload.length);
        cursor.byte();
        const number = (cursor.byte() << 8) | cursor.byte();
        cursor.byte();
        reader.learn(number, cursor.text(cursor.varint()));
      }
      const { payload } = frames.at(-1) as { payload: Buffer };
      const read = reader.read(new PayloadCursor().over(payload, 0, payload.length), entries);
      return { read, names: names.length, bytes: payload.length };
    },
  };
}

function readBytes(bytes: readonly number[], entries = 1): unknown {
  const reader = new MetadataReader();
  reader.learn(1, 'known');
  const buffer = Buffer.from(bytes);
  return reader.read(new PayloadCursor().over(buffer, 0, buffer.length), entries);
}

test('what is written is read again, and each key is spelled once', () => {
  const { send } = newDirection();
  const metadata = { trace: 'a1', tenant: 'Zoë ☃', empty: '', long: 'v'.repeat(5_000) };
  expect(send(metadata)).toMatchObject({ read: metadata, names: 4 });
  expect(send({ tenant: 'x', trace: 'y' })).toMatchObject({ read: { tenant: 'x', trace: 'y' }, names: 0, bytes: 6 });
  expect(send(noMetadata).read).toBe(noMetadata);
});

test('keys beyond the 255 that have numbers are spelled out each time', () => {
  const { send } = newDirection();
  for (let from = 0; from < 300; from += 50) {
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key-${from + n}`, String(n)]));
    expect(send(metadata)).toMatchObject({ read: metadata, names: Math.max(0, Math.min(50, 255 - from)) });
  }
});

test('a key named like a property of every object is only data', () => {
  const { send } = newDirection();
  const read = send({ constructor: 'c', __proto: 'p' }).read as object;
  expect(Object.getPrototypeOf(read)).toBe(null);
  expect(read).toEqual({ constructor: 'c', __proto: 'p' });
});

test.each([
  ['an entry that is cut off', [1, 5, 0x61], 1],
  ['a key that was never named', [2, 0], 1],
  ['a varint of five bytes', [0x81, 0x80, 0x80, 0x80, 0], 1],
  ['more entries than are there', [1, 1, 0x61], 2],
  ['a key in capitals', [0, 1, 0x41, 0], 1],
  ['a key of no letters', [0, 0, 0], 1],
  ['a value with a line feed', [1, 1, 10], 1],
  ['more than 64 entries', [], 65],
  ['more than 8 KiB', [1, 0x81, 0x40, ...Array.from({ length: 8_193 }, () => 0x61)], 1],
] as const)('%s is refused', (_what, bytes, entries) => {
  expect(() => readBytes(bytes, entries)).toThrow(ProtocolViolation);
});

test('numbers of keys are told once, from 1 to 255, and are of tokens in lower case', () => {
  const reader = new MetadataReader();
  reader.learn(1, 'a');
  for (const [number, key] of [
    [1, 'b'],
    [0, 'b'],
    [256, 'b'],
    [2, 'B'],
    [2, 'b c'],
    [2, 'b'.repeat(257)],
  ] as const) {
    expect(() => reader.learn(number, key)).toThrow(ProtocolViolation);
  }
});

test('the same frozen set is written as the same bytes, and read as the same frozen set', () => {
  const { send } = newDirection();
  const metadata = Object.freeze({ tenant: 'bench', trace: 'a1' });
  const first = send(metadata);
  const second = send(metadata);
  const third = send(metadata);
  expect([first, second, third]).toMatchObject([
    { read: metadata, names: 2, bytes: 11 },
    { read: metadata, names: 0, bytes: 11 },
    { read: metadata, names: 0, bytes: 11 },
  ]);
  expect([second.read, third.read]).toEqual([first.read, first.read]);
  expect(third.read).toBe(first.read);
  expect(send(metadata)).toMatchObject({ read: metadata, names: 0, bytes: 11 });
  expect(send({ tenant: 'other', trace: 'a1' }).read).toEqual({ tenant: 'other', trace: 'a1' });
  expect(send(metadata).read).toEqual(metadata);
});

test('a set that may change is written as it is', () => {
  const { send } = newDirection();
  const metadata: Record<string, string> = { tenant: 'one' };
  for (const tenant of ['one', 'one', 'one', 'two', 'two', 'three']) {
    metadata['tenant'] = tenant;
    expect(send(metadata).read).toEqual({ tenant });
  }
  metadata['more'] = 'x';
  expect(send(metadata).read).toEqual({ tenant: 'three', more: 'x' });
});

test('what a handler does to its metadata does not reach the next call, because it cannot', () => {
  const { send } = newDirection();
  const { read } = send(Object.freeze({ role: 'guest' }));
  expect(() => Object.assign(read as object, { role: 'admin' })).toThrow(TypeError);
  expect(send(Object.freeze({ role: 'guest' })).read).toEqual({ role: 'guest' });
});

test('a set that begins like the last one, or has more bytes than are kept, is read whole', () => {
  const { send } = newDirection();
  for (const value of ['a', 'ab', 'a', 'v'.repeat(300), 'v'.repeat(300), 'a']) {
    expect(send(Object.freeze({ key: value })).read).toEqual({ key: value });
  }
  expect(send(Object.freeze({ key: 'a', more: 'b' })).read).toEqual({ key: 'a', more: 'b' });
});
