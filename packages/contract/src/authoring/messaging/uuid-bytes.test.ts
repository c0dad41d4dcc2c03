import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { readUuid, writeUuid } from './uuid-bytes.js';

test('a UUID is sixteen bytes, and these are it again', () => {
  const bytes = Buffer.alloc(18, 0xff);
  expect(writeUuid('00112233-4455-6677-8899-aabbccddeeff', bytes, 1)).toBe(true);
  expect(bytes.toString('hex')).toBe('ff00112233445566778899aabbccddeeffff');
  for (let count = 0; count < 1_000; count += 1) {
    const uuid = randomUUID();
    expect([writeUuid(uuid, bytes, 1), readUuid(bytes, 1)]).toEqual([true, uuid]);
  }
});

test('nothing else is one: no other length, no other character in any place', () => {
  const uuid = '3f0c1c52-9a5e-4c5e-8f0e-0a1b2c3d4e5f';
  const others = ['', uuid.slice(1), `${uuid}0`];
  for (let at = 0; at < 36; at += 1) {
    for (let character = 0; character < 0x200; character += 1) {
      const isFit = uuid[at] === '-' ? character === 0x2d : /[0-9a-f]/.test(String.fromCharCode(character));
      if (!isFit) others.push(uuid.slice(0, at) + String.fromCharCode(character) + uuid.slice(at + 1));
    }
    others.push(`${uuid.slice(0, at)}\uff11${uuid.slice(at + 1)}`);
  }
  const bytes = Buffer.alloc(16);
  expect(others.filter((other) => writeUuid(other, bytes, 0))).toEqual([]);
});
