import { expect, test } from 'vitest';
import { documented, key, quoted, typeName } from './safe-text.js';

test.each([
  ["it's", String.raw`'it\'s'`],
  ['say "hi"', `'say "hi"'`],
  ['a\\', String.raw`'a\\'`],
  ['a\nb', String.raw`'a\nb'`],
  ['\u2028', String.raw`'\u2028'`],
  ['\u202e', String.raw`'\u202e'`],
  ['\ud800', String.raw`'\ud800'`],
  ['`', "'`'"],
])('%j is one literal that says it again', (text, literal) => {
  expect(quoted(text)).toBe(literal);
  expect(new Function(`return ${literal}`)()).toBe(text);
});

test('no text ends the comment that it stands in', () => {
  expect(documented(['a */ evil(); /*'])).toBe('/** a *\\/ evil(); /* */\n');
  expect(documented(['*', '/ evil'])).toBe('/**\n * *\n *\n * / evil\n */\n');
  expect(documented(['a\r\nb\rc\u2028d'], '  ')).toBe('  /**\n   * a\n   * b\n   * c d\n   */\n');
  expect(documented(['', ''])).toBe('');
});

test.each([
  ['name', 'name'],
  ['größe', 'größe'],
  ['$a_1', '$a_1'],
  ['say-hello', "'say-hello'"],
  ['1st', "'1st'"],
  ['', "''"],
  ['new', "'new'"],
  ['constructor', "'constructor'"],
  ['a b', "'a b'"],
  ["a': never; evil: '", String.raw`'a\': never; evil: \''`],
])('the key %j is written %s', (name, written) => {
  expect(key(name)).toBe(written);
});

test.each([
  ['Greeter', 'Greeter'],
  ['my-greeter', 'MyGreeter'],
  ['a/b~c', 'ABC'],
  ['1st', 'Type1st'],
  ['', 'Type'],
  ['*/ evil()', 'Evil'],
  ['Größe', 'Größe'],
])('the type of %j is called %s', (text, name) => {
  expect(typeName(text)).toBe(name);
});
