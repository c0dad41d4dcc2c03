import { expect, test } from 'vitest';
import { checkedSubject } from './checked-subject.js';

test('a subject without wildcards is taken as it is', () => {
  expect(checkedSubject('owner.subject', 'micro.nats-1.query_2')).toBe('micro.nats-1.query_2');
});

test.each(['', '.', 'a.', '.a', 'a..b', 'a.*', 'a.>', 'a b', 'a\r\nPUB x 0'])('%j is refused by name', (subject) => {
  expect(() => checkedSubject('owner.subject', subject)).toThrow(
    expect.objectContaining({
      code: 'InvalidArgument',
      executed: 'no',
      rawMessage: `owner.subject is ${JSON.stringify(subject)}; it must be a subject without wildcards`,
    }),
  );
});
