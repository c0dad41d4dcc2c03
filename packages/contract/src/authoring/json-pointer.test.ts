import { expect, test } from 'vitest';
import { pointerNames, pointerToken } from './json-pointer.js';

test.each([
  ['Item', 'Item'],
  ['a/b', 'a~1b'],
  ['a~b', 'a~0b'],
  ['~1', '~01'],
  ['50 %', '50%20%25'],
  ['Größe', 'Gr%C3%B6%C3%9Fe'],
  ['#', '%23'],
])('%s is written %s, and read again', (name, token) => {
  expect(pointerToken(name)).toBe(token);
  expect(pointerNames(`#/$defs/${token}`)).toEqual(['$defs', name]);
});

test('the whole document is a pointer, what lies elsewhere or is broken is none', () => {
  expect(pointerNames('#')).toEqual([]);
  for (const other of ['', '#anchor', 'https://example.com/a#/b', '#/%zz']) expect(pointerNames(other)).toBeUndefined();
});
