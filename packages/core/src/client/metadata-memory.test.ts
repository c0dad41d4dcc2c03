import { noMetadata } from '@tenon/contract';
import { expect, test } from 'vitest';
import { MetadataMemory } from './metadata-memory.js';

test('a frozen object is checked and copied once', () => {
  const { check } = new MetadataMemory();
  const given = Object.freeze({ 'X-Tenant': 'a' });
  expect(check(given)).toEqual({ 'x-tenant': 'a' });
  expect(check(given)).toBe(check(given));
  expect(check(Object.freeze({ 'X-Tenant': 'a' }))).not.toBe(check(given));
});

test('an object that may change is checked each time', () => {
  const { check } = new MetadataMemory();
  const given = { 'x-tenant': 'a' };
  expect(check(given)).toEqual({ 'x-tenant': 'a' });
  given['x-tenant'] = 'b';
  expect(check(given)).toEqual({ 'x-tenant': 'b' });
});

test('what is wrong is refused every time, frozen or not', () => {
  const { check } = new MetadataMemory();
  const wrong = Object.freeze({ 'x-a': 'line\nbreak' });
  for (let turn = 0; turn < 2; turn += 1) expect(() => check(wrong)).toThrow('control characters');
  expect(check(undefined)).toBe(noMetadata);
});
