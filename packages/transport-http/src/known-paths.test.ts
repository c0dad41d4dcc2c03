import { expect, test } from 'vitest';
import { KnownPaths } from './known-paths.js';

const hello = { service: 'greeter', endpoint: 'Greeter.Hello' };

test('a path that was kept is the same one again, and others are read each time', () => {
  const paths = new KnownPaths();
  const read = paths.read('/greeter/Greeter.Hello');
  expect(read).toEqual(hello);
  expect(paths.read('/greeter/Greeter.Hello')).not.toBe(read);
  paths.keep('/greeter/Greeter.Hello', hello);
  expect(paths.read('/greeter/Greeter.Hello')).toBe(hello);
  expect(() => paths.read('/greeter/..')).toThrow(/refused/);
  expect(paths.read('/')).toBeUndefined();
});

test('nobody fills it with spellings', () => {
  const paths = new KnownPaths();
  for (let n = 0; n < 5_000; n += 1) paths.keep(`/${n}`, hello);
  expect(Array.from({ length: 5_000 }, (_, n) => paths.read(`/${n}`)).filter((path) => path === hello)).toHaveLength(
    1_024,
  );
});
