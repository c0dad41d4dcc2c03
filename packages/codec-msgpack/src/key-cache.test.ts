import { expect, test } from 'vitest';
import { KeyCache } from './key-cache.js';

function read(cache: KeyCache, key: string): string {
  const bytes = Buffer.from(key);
  const around = Buffer.concat([Buffer.from('.,'), bytes, Buffer.from('.,')]);
  return cache.read(around, 2, bytes.length);
}

test('a key reads as what it is, the first time and again, of any length', () => {
  const cache = new KeyCache();
  const keys = [
    '',
    'id',
    'name',
    '__proto',
    'ключ',
    '🔑',
    'x'.repeat(31),
    'x'.repeat(32),
    'x'.repeat(33),
    'x'.repeat(300),
  ];
  for (let round = 0; round < 3; round += 1) for (const key of keys) expect(read(cache, key)).toBe(key);
});

test('thousands of keys push each other out and are never taken for each other', () => {
  const cache = new KeyCache();
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 5_000; index += 1) {
      const key = `k${index % 17}${'abc'.repeat(index % 5)}${index}`;
      expect(read(cache, key)).toBe(key);
    }
  }
});

test('keys that differ in their last character alone are told apart, also where they share a place', () => {
  const cache = new KeyCache();
  // So many, because two such keys seldom fall on the same place.
  for (let index = 0; index < 8_000; index += 1) {
    const before = 'abcdefghijklmno'.slice(0, index % 15) + index.toString(36);
    const bytes = Buffer.from(`${before}?`);
    for (let round = 0; round < 2; round += 1) {
      for (let unit = 0x21; unit < 0x7f; unit += 1) {
        bytes[bytes.length - 1] = unit;
        const key = cache.read(bytes, 0, bytes.length);
        if (key !== before + String.fromCharCode(unit)) expect.fail(`${key} was given for ${bytes}`);
      }
    }
  }
});

test('a key is not taken for a longer one that begins with it', () => {
  for (let index = 0; index < 4_000; index += 1) {
    const cache = new KeyCache();
    const key = index.toString(36);
    const longer = `${key}${(index * 7_919).toString(36)}`;
    read(cache, longer);
    if (read(cache, key) !== key) expect.fail(`${longer} was given for ${key}`);
  }
});
