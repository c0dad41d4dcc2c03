import { ServiceError } from './service-error.js';

/**
 * Checks a topic: 1 to 256 characters, tokens of letters, digits, `-`, `_` and `:` separated by single dots. That is
 * what every broker can express, so a topic that works in a test works on each of them.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`.
 */
export function checkedTopic(topic: string): string {
  if (typeof topic === 'string' && topic.length <= 256 && topicForm.test(topic)) return topic;
  throw new ServiceError(
    'InvalidArgument',
    `topic ${JSON.stringify(topic)} is not made of tokens (letters, digits, "-", "_", ":") separated by dots`,
    { executed: 'no' },
  );
}

/**
 * Checks what may be subscribed to: a topic, or a pattern of topics. In a pattern `*` stands for any one token, and `>` at the
 * end for one token or more: `order.*`, `*.created`, `order.>`, `>`. The rules are those of NATS subjects.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`.
 */
export function checkedTopicPattern(pattern: string): string {
  if (typeof pattern === 'string' && pattern.length <= 256 && patternForm.test(pattern)) return pattern;
  throw new ServiceError(
    'InvalidArgument',
    `topic pattern ${JSON.stringify(pattern)} is not made of tokens (letters, digits, "-", "_", ":"; "*" for any one, ">" at the end for the rest) separated by dots`,
    { executed: 'no' },
  );
}

/** Whether a checked pattern stands for other topics than itself. */
export function hasWildcards(pattern: string): boolean {
  return pattern.includes('*') || pattern.endsWith('>');
}

/** Whether a checked topic is one of those that a checked pattern stands for. */
export function matchesTopic(pattern: string, topic: string): boolean {
  if (!hasWildcards(pattern)) return pattern === topic;
  const wanted = pattern.split('.');
  const given = topic.split('.');
  const last = wanted.length - 1;
  const isOpen = wanted[last] === '>';
  if (isOpen ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((token, index) => (isOpen && index === last) || token === '*' || token === given[index]);
}

const topicForm = /^[\w:-]+(\.[\w:-]+)*$/;
const patternForm = /^(?:(?:[\w:-]+|\*)(?:\.(?:[\w:-]+|\*))*(?:\.>)?|>)$/;
