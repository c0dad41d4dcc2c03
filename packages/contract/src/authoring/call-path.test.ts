import { expect, test } from 'vitest';
import { callPath } from './call-path.js';

test('the path of an endpoint names service and endpoint, each encoded once', () => {
  expect(callPath('greeter', 'Greeter.Hello')).toBe('/greeter/Greeter.Hello');
  expect(callPath('gruß', 'Grüßer.$Hallo')).toBe('/gru%C3%9F/Gr%C3%BC%C3%9Fer.%24Hallo');
});

test.each(['', 'a b', 'a/b', '..', '{id}', 'x'.repeat(257)])('%j stands in no path', (name) => {
  expect(callPath(name, 'Greeter.Hello')).toBeUndefined();
  expect(callPath('greeter', name)).toBeUndefined();
});
