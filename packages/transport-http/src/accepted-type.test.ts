import { expect, test } from 'vitest';
import { acceptedType } from './accepted-type.js';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['*/*', undefined],
  ['text/html', undefined],
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['text/html, application/msgpack', 'application/msgpack'],
  ['application/json, application/msgpack', 'application/json'],
  ['application/json;q=0.5, application/msgpack', 'application/msgpack'],
  ['application/json;q=0', undefined],
  ['application/json;q=0.5, */*', undefined],
  ['application/json;q=x', 'application/json'],
  [`${'text/html,'.repeat(40)}application/json`, undefined],
])('Accept: %s asks for %s', (accept, type) => {
  expect(acceptedType(accept, (name) => name === 'application/json' || name === 'application/msgpack')).toBe(type);
});
