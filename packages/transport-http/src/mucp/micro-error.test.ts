import { codes, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { readMicroError, writeMicroError } from './micro-error.js';

test("an error has the bytes of Go's encoder", () => {
  expect(writeMicroError(new ServiceError('NotFound', 'no such x'), 'greeter')).toBe(
    '{"id":"greeter","code":404,"detail":"no such x","status":"Not Found"}',
  );
  expect(writeMicroError(new ServiceError('Internal', ''), '')).toBe('{"code":500,"status":"Internal Server Error"}');
  expect(writeMicroError(new ServiceError('Canceled', '<a&b>\u2028\u007f\n'), 'g')).toBe(
    '{"id":"g","code":499,"detail":"\\u003ca\\u0026b\\u003e\\u2028\\u007f\\n"}',
  );
});

test('every code comes back as itself, or as the one that shares its status', () => {
  const shared: Partial<Record<string, string>> = {
    Unknown: 'Internal',
    DataLoss: 'Internal',
    Aborted: 'AlreadyExists',
    OutOfRange: 'InvalidArgument',
  };
  for (const code of Object.keys(codes) as (keyof typeof codes)[]) {
    const back = readMicroError(writeMicroError(new ServiceError(code, 'm', { executed: 'yes' }), 'g'));
    expect([back.code, back.rawMessage, back.executed]).toEqual([shared[code] ?? code, 'm', 'maybe']);
  }
});

test('a long text is cut, so that two copies of it fit into a head', () => {
  const text = writeMicroError(new ServiceError('Internal', 'x'.repeat(100_000)), 'g');
  expect(text.length).toBeLessThan(2_200);
});

test.each(['', 'null', '1', '"x"', '[]', '{}', '{', 'plain failure'])('%j is a text', (text) => {
  expect(readMicroError(text)).toMatchObject({ code: 'Unknown', rawMessage: text });
});
