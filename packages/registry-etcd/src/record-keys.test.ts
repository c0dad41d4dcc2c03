import { expect, it } from 'vitest';
import { keyOf, servicePrefix } from './record-keys.js';

it('builds the keys of go-micro, with a dash for each slash', () => {
  expect(keyOf('/micro/registry/', 'greeter', 'greeter-7f1c')).toBe('/micro/registry/greeter/greeter-7f1c');
  expect(keyOf('/micro/registry/', 'a/b', 'c/d/e')).toBe('/micro/registry/a-b/c-d-e');
  expect(servicePrefix('/micro/registry/', 'a/b')).toBe('/micro/registry/a-b/');
});
