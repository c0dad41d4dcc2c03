import { ServiceError } from '@tenon/contract';
import { expect, it } from 'vitest';
import { rejectsWith } from './rejects-with.js';

const unavailable = new ServiceError('Unavailable', 'away');

it('resolves with the error of a call that throws or rejects with one of the codes', async () => {
  const throwing = (): never => {
    throw unavailable;
  };
  expect(await rejectsWith(throwing, 'Unavailable')).toBe(unavailable);
  expect(await rejectsWith(() => Promise.reject(unavailable), 'Canceled', 'Unavailable')).toBe(unavailable);
});

it('fails on success, on another code and on another kind of error', async () => {
  await expect(rejectsWith(() => 'value', 'Unavailable')).rejects.toThrow('got success with a value of type string');
  await expect(rejectsWith(async () => {}, 'Unavailable')).rejects.toThrow('got success');
  await expect(rejectsWith(() => Promise.reject(unavailable), 'Canceled')).rejects.toThrow('expected Canceled, got');
  await expect(rejectsWith(() => Promise.reject('text'), 'Canceled')).rejects.toThrow('expected a ServiceError');
});
