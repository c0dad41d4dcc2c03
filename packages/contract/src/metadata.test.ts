import { expect, test } from 'vitest';
import { checkedMetadata } from './metadata.js';

test.each(['\ud800', 'a\udc00b', 'é\ud83d'])(
  'half of a surrogate pair, as in %j, is refused by the name of its key',
  (value) => {
    expect(() => checkedMetadata({ 'X-Mine': value })).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        executed: 'no',
        rawMessage: 'metadata value of "X-Mine" has half of a character, which UTF-8 cannot say',
      }),
    );
  },
);

test('text beyond ASCII is taken as it is', () => {
  expect(checkedMetadata({ 'X-Mine': 'é 漢 🜚' })['x-mine']).toBe('é 漢 🜚');
});
