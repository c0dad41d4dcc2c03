import { expect, test } from 'vitest';
import { GeneratedCode, mayGenerate, quoted } from './generated-code.js';

test('generated code has the values that were passed in, by their names', () => {
  expect(mayGenerate()).toBe(true);
  const code = new GeneratedCode();
  const double = code.add('double', (n: number) => n * 2);
  const run = code.run(`return (n) => ${double}(n) + 1;`) as (n: number) => number;
  expect(run(20)).toBe(41);
});

test.each(['plain', '"; throw 1; //', 'a\nb', '\u2028\u2029', '\\'])('%j stays a text where it is quoted', (text) => {
  expect(new GeneratedCode().run(`return ${quoted(text)};`)).toBe(text);
});
