import { expect, it } from 'vitest';
import { frozen } from './frozen.js';

it('freezes plain objects and lists to the bottom, and returns the same value', () => {
  const value = { list: [{ deep: { pairs: Object.create(null) as Record<string, string> } }] };
  expect(frozen(value)).toBe(value);
  expect(() => value.list.push({ deep: { pairs: {} } })).toThrow(TypeError);
  expect(() => {
    value.list[0]!.deep.pairs['key'] = 'value';
  }).toThrow(TypeError);
});

it('leaves bytes, instances and primitives alone', () => {
  const { signal } = new AbortController();
  const value = frozen({ body: Buffer.from('bytes'), signal, when: new Date(0), none: null, text: 'text' });
  value.body[0] = 0x42;
  expect(value.body.toString()).toBe('Bytes');
  expect(Object.isFrozen(value.signal)).toBe(false);
  expect(Object.isFrozen(value.when)).toBe(false);
  expect(frozen(null)).toBe(null);
});
