import { codes, type Executed, isCode, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { mayRetry, neverTaken } from './retry-rule.js';

test('of all failures only these are repeated', () => {
  const repeated: string[] = [];
  for (const code of Object.keys(codes).filter(isCode)) {
    for (const executed of ['no', 'maybe', 'yes'] satisfies Executed[]) {
      for (const idempotent of [false, true]) {
        if (!mayRetry(new ServiceError(code, 'x', { executed }), idempotent)) continue;
        repeated.push(`${code}, executed ${executed}, ${idempotent ? 'idempotent' : 'not idempotent'}`);
      }
    }
  }
  expect(repeated.sort()).toEqual([
    'Aborted, executed maybe, idempotent',
    'Aborted, executed no, idempotent',
    'Aborted, executed no, not idempotent',
    'ResourceExhausted, executed maybe, idempotent',
    'ResourceExhausted, executed no, idempotent',
    'ResourceExhausted, executed no, not idempotent',
    'Unavailable, executed maybe, idempotent',
    'Unavailable, executed no, idempotent',
    'Unavailable, executed no, not idempotent',
  ]);
});

test.each([
  [true, 'could not be connected to', { executed: 'no' }],
  [true, 'was turned away by a node that is leaving', { executed: 'no', answered: true, refusal: 'draining' }],
  [false, 'was turned away by a node that is busy', { executed: 'no', answered: true, refusal: 'overloaded' }],
  [false, 'was refused by its handler', { executed: 'no', answered: true }],
  [false, 'may have run', { executed: 'maybe' }],
] as const)('it is %s that nobody has worked on an attempt that %s', (expected, _what, fields) => {
  expect(neverTaken(new ServiceError('Unavailable', 'x', fields))).toBe(expected);
});
