import { expect, test } from 'vitest';
import { type OutcomeKind, outcomeKind } from './outcome.js';
import { ServiceError } from './service-error.js';

const cases: readonly [
  OutcomeKind,
  ConstructorParameters<typeof ServiceError>[0],
  ConstructorParameters<typeof ServiceError>[2],
][] = [
  ['unreachable', 'Unavailable', { executed: 'no' }],
  ['broken', 'Unavailable', { executed: 'maybe' }],
  ['failed', 'Unavailable', { executed: 'no', answered: true }],
  ['failed', 'Internal', { executed: 'yes', answered: true }],
  ['failed', 'ResourceExhausted', { executed: 'yes', answered: true }],
  ['draining', 'Unavailable', { executed: 'no', refusal: 'draining', answered: true }],
  ['overloaded', 'ResourceExhausted', { executed: 'no', refusal: 'overloaded', answered: true }],
  ['late', 'DeadlineExceeded', { executed: 'maybe' }],
  ['abandoned', 'Canceled', { executed: 'maybe' }],
  ['served', 'NotFound', { executed: 'yes', answered: true }],
  ['served', 'ResourceExhausted', { executed: 'no' }],
];

test.each(cases)('%s is what %s with %j says about its node', (kind, code, fields) => {
  expect(outcomeKind(new ServiceError(code, 'a failure', fields))).toBe(kind);
});

test('a call that succeeded was served', () => {
  expect(outcomeKind(undefined)).toBe('served');
});
