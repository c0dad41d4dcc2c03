import { ServiceError } from './service-error.js';

/**
 * Checks a topic: 1 to 256 characters, tokens of letters, digits, `-`, `_` and `:` separated by single dots. That is
 * what every broker can express, so a topic that works in a test works on each of them.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`.
 */
export function checkedTopic(topic: string): string {
  if (typeof topic === 'string' && topic.length <= 256 && pattern.test(topic)) return topic;
  throw new ServiceError(
    'InvalidArgument',
    `topic ${JSON.stringify(topic)} is not made of tokens (letters, digits, "-", "_", ":") separated by dots`,
    { executed: 'no' },
  );
}

const pattern = /^[\w:-]+(\.[\w:-]+)*$/;
