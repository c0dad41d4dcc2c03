import { BufferSink } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { EncodedKey, keyHash } from './encoded-key.js';
import { Output } from './output.js';

const names = [
  '',
  'a',
  'id',
  'abc',
  'name',
  'abcdef',
  'abcdefg',
  'abcdefgh',
  'x'.repeat(31),
  'x'.repeat(32),
  'ключ',
  'é',
];
const longNames = ['x'.repeat(255), 'x'.repeat(256), 'y'.repeat(8_192)];

function bytesOf(name: string): Buffer {
  const output = new Output(new BufferSink());
  output.text(name);
  return Buffer.from(output.buffer.subarray(0, output.position));
}

test('a key is written as any text is, also where the buffer ends right behind it', () => {
  for (const name of [...names, ...longNames]) {
    const key = new EncodedKey(name);
    const bytes = bytesOf(name);
    expect(key.length).toBe(bytes.length);
    for (const room of [0, 1, 7, 8, 20]) {
      const buffer = Buffer.alloc(3 + bytes.length + room, 0x99);
      key.write(buffer, 3);
      expect(buffer.subarray(0, 3).toString('hex')).toBe('999999');
      expect(buffer.subarray(3, 3 + bytes.length).equals(bytes)).toBe(true);
    }
  }
});

test('a key is found where it stands as a whole, and nowhere else', () => {
  for (const name of [...names, ...longNames]) {
    const key = new EncodedKey(name);
    const bytes = bytesOf(name);
    for (const behind of [0, 1, 3, 8, 30]) {
      const buffer = Buffer.concat([Buffer.alloc(2, 0xa1), bytes, Buffer.alloc(behind, 0x61)]);
      expect(key.isAt(buffer, 2, buffer.length)).toBe(true);
      expect(key.isAt(buffer, 2, 2 + bytes.length), 'its end is the end').toBe(true);
      expect(key.isAt(buffer, 2, 1 + bytes.length), 'its last byte is behind the end').toBe(false);
      expect(key.isAt(buffer, 1, buffer.length)).toBe(false);
      for (let at = 0; at < Math.min(bytes.length, 40); at += 1) {
        const damaged = Buffer.from(buffer);
        damaged[2 + at] = (damaged[2 + at] as number) ^ 0x10;
        expect(key.isAt(damaged, 2, damaged.length), `byte ${at} of ${name}`).toBe(false);
      }
    }
  }
});

test('the hash of a key is its own, whatever stands behind it', () => {
  const hashes = names.slice(0, 8).map((name) => {
    const seen = [0x00, 0x61, 0xff].map((behind) =>
      keyHash(Buffer.concat([bytesOf(name), Buffer.alloc(8, behind)]), 0),
    );
    expect(new Set(seen).size, `of ${name}`).toBe(1);
    return seen[0];
  });
  expect(new Set(hashes).size).toBe(hashes.length);
});
