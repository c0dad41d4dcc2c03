import { expect, test } from 'vitest';
import { readText } from './read-text.js';

test('texts of every length read as Node.js reads them, wherever they stand', () => {
  for (let length = 0; length <= 40; length += 1) {
    const text = Array.from({ length }, (_, index) => String.fromCharCode(0x20 + ((index * 7 + length) % 0x60))).join(
      '',
    );
    for (const poison of [0x00, 0x41, 0xff]) {
      const around = Buffer.concat([Buffer.alloc(5, poison), Buffer.from(text), Buffer.alloc(20, poison)]);
      expect(readText(around, 5, length)).toBe(text);
    }
  }
});

test('one byte beyond ASCII, at any place of any length, is seen', () => {
  for (let length = 1; length <= 24; length += 1) {
    for (let at = 0; at < length; at += 1) {
      const bytes = Buffer.alloc(length, 0x61);
      bytes[at] = 0xe9;
      expect(readText(bytes, 0, length)).toBe(bytes.toString());
      expect(readText(bytes, 0, length)).toContain('\ufffd');
    }
  }
  for (const text of ['é', 'жук', '日本語', '🙂🙂🙂🙂', '\ufeffabc', `${'x'.repeat(15)}ü`]) {
    const bytes = Buffer.from(text);
    expect(readText(bytes, 0, bytes.length)).toBe(text);
  }
});
