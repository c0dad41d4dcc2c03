import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPath, writePath } from './request-path.js';

test.each(['/', '*', '/greeter', '/a/b/c'])('%s names no endpoint', (url) => {
  expect(readPath(url)).toBeUndefined();
});

test('what is written is read back, whatever the names', () => {
  const first = fc.constantFrom(...'aZ0_$éж日');
  const rest = fc.string({ unit: fc.constantFrom(...'aZ09_$.:@+~-éж日'), maxLength: 20 });
  const name = fc.tuple(first, rest).map((parts) => parts.join(''));
  fc.assert(
    fc.property(name, name, (service, endpoint) => {
      expect(readPath(writePath(service, endpoint))).toEqual({ service, endpoint });
    }),
  );
});

test('a name is read only if it is plain, and never decoded twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let path: ReturnType<typeof readPath>;
      try {
        path = readPath(text.startsWith('/') ? text : `/${text}`);
      } catch {
        return;
      }
      if (path !== undefined) expect(path.service + path.endpoint).not.toMatch(/[%/\\;?#\s]|^\.|\.\.\//);
    }),
  );
  expect(() => readPath('/a/%252e')).toThrow(/character that no name has/);
});

test.each(['', '.', '..', 'a/b', 'a b', 'a%', 'a;b', '-a', 'x'.repeat(257)])('%j cannot be written', (name) => {
  expect(() => writePath(name, 'A.B')).toThrow(/cannot stand in an HTTP path/);
});
