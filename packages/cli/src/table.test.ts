import { expect, test } from 'vitest';
import { table } from './table.js';

test('columns are as wide as what stands in them, and lines end where their text does', () => {
  expect(
    table(
      ['A', 'LONG', 'C'],
      [
        ['aaa', 'b', ''],
        ['a', 'b', 'c'],
      ],
    ),
  ).toBe('A    LONG  C\naaa  b\na    b     c');
});

test('what would steer a terminal is shown as a mark', () => {
  expect(table(['A'], [['\u001b[2Jgone\u009b\n']])).toBe('A\n\ufffd[2Jgone\ufffd\ufffd');
});
