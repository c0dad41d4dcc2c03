import { expect, test } from 'vitest';
import { checkedTopic, checkedTopicPattern, hasWildcards, matchesTopic } from './topic.js';

test.each([
  ['order.placed', 'order.placed', true],
  ['order.placed', 'order.placed.eu', false],
  ['order.*', 'order.placed', true],
  ['order.*', 'order', false],
  ['order.*', 'order.placed.eu', false],
  ['*.placed', 'order.placed', true],
  ['*', 'order', true],
  ['*', 'order.placed', false],
  ['order.>', 'order.placed', true],
  ['order.>', 'order.placed.eu', true],
  ['order.>', 'order', false],
  ['order.>', 'orders.placed', false],
  ['order.*.>', 'order.eu', false],
  ['order.*.>', 'order.eu.placed', true],
  ['>', 'order', true],
  ['>', 'order.placed', true],
])('the pattern %s and the topic %s: %s', (pattern, topic, expected) => {
  expect(matchesTopic(checkedTopicPattern(pattern), checkedTopic(topic))).toBe(expected);
});

test('a topic has no wildcards, and a pattern has them as whole tokens, the rest at its end', () => {
  for (const pattern of ['order.*', '>', 'order.>', '*']) {
    expect(() => checkedTopic(pattern)).toThrow('[InvalidArgument] topic');
    expect(hasWildcards(checkedTopicPattern(pattern))).toBe(true);
  }
  expect(hasWildcards(checkedTopicPattern('order.placed'))).toBe(false);
  for (const wrong of ['', '.', 'a..b', 'a*', '*a', '>.a', 'a.>.b', 'a.>>', 'a b', 'a.b.', `${'a'.repeat(257)}`])
    expect(() => checkedTopicPattern(wrong)).toThrow('[InvalidArgument] topic pattern');
});
