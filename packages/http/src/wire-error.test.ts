import { expect, test } from 'vitest';
import { wireError } from './wire-error.js';

const error = (code: string, syscall?: string): NodeJS.ErrnoException =>
  Object.assign(new Error('m'), { code, syscall });

test.each([
  [error('ECONNREFUSED', 'connect'), false, 'Unavailable', 'no'],
  [error('ENOTFOUND', 'getaddrinfo'), false, 'Unavailable', 'no'],
  [error('EMFILE', 'connect'), false, 'Unavailable', 'no'],
  [error('ECONNRESET', 'read'), true, 'Unavailable', 'maybe'],
  [error('ECONNRESET'), true, 'Unavailable', 'maybe'],
  [error('EPIPE', 'write'), true, 'Unavailable', 'no'],
  [error('ECONNRESET', 'write'), true, 'Unavailable', 'no'],
])('%o, sent: %s, is %s and was executed: %s', (cause, sent, code, executed) => {
  expect(wireError(cause, sent, true)).toMatchObject({ code, executed, cause });
});
