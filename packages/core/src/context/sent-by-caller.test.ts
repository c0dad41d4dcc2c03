import { noMetadata, type Priority } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { CallContext } from './call-context.js';

const contextOf = (metadata: Readonly<Record<string, string>>, priority?: Priority): CallContext =>
  new CallContext({
    service: 'greeter',
    endpoint: 'Greeter.Hello',
    metadata,
    deadline: 1,
    peer: undefined,
    node: 'n1',
    clock: new FakeClock(),
    priority,
  });

test.each([
  ['critical', 'critical'],
  ['bulk', 'bulk'],
  ['normal', 'normal'],
  ['urgent', 'normal'],
])('a caller that says %s makes a call that is %s', (said, priority) => {
  expect(contextOf({ 'tenon-priority': said }).priority).toBe(priority);
});

test.each([
  ['2', 2],
  ['99', 99],
  ['0', 1],
  ['100', 1],
  ['2.5', 1],
  ['', 1],
])('a caller that says attempt "%s" makes attempt %s', (said, attempt) => {
  expect(contextOf({ 'tenon-attempt': said }).attempt).toBe(attempt);
});

test('a call whose caller says nothing is a normal first attempt', () => {
  const { priority, attempt } = contextOf(noMetadata);
  expect([priority, attempt]).toEqual(['normal', 1]);
});

test('what the endpoint says holds for callers that say nothing of their own', () => {
  expect(contextOf(noMetadata, 'critical').priority).toBe('critical');
  expect(contextOf({ other: 'x' }, 'bulk').priority).toBe('bulk');
  expect(contextOf({ 'tenon-priority': 'bulk' }, 'critical').priority).toBe('bulk');
});
