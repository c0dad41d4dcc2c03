import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from './grpc-message.js';

test.each([
  ['', ''],
  ['not found', 'not found'],
  ['100 %', '100 %25'],
  [' two  ', '%20two %20'],
  ['a\r\nb\tc', 'a%0D%0Ab%09c'],
  ['Zoë · 🙂', 'Zo%C3%AB %C2%B7 %F0%9F%99%82'],
  ['\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n', undefined],
])('%j travels', (text, encoded) => {
  if (encoded !== undefined) expect(encodeMessage(text)).toBe(encoded);
  expect(encodeMessage(text)).toMatch(/^[\x20-\x7e]*$/);
  expect(decodeMessage(encodeMessage(text))).toBe(text);
});

test.each([
  ['100%', '100%'],
  ['%zz%4', '%zz%4'],
  ['%c3%AB', 'ë'],
  ['%ff', '\ufffd'],
])('%j is read as %j, and nothing of it is lost', (encoded, text) => {
  expect(decodeMessage(encoded)).toBe(text);
});
