import { ServiceError } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { jsonDecoder } from './json-decoder.js';

const decode = jsonDecoder(64);

describe('jsonDecoder', () => {
  it('reads a value with white space around it', () => {
    expect(read(' \t\r\n{ "a" : [ 1 ] } \n')).toEqual({ a: [1] });
  });

  it('does not take brackets in text for depth', () => {
    expect(read(`["${'['.repeat(100)}","\\"${'{'.repeat(100)}","\\\\",1]`)).toHaveLength(4);
  });

  it('counts open containers, not all of them', () => {
    expect(read(`[${'[],{},'.repeat(200)}1]`)).toHaveLength(401);
  });

  it('makes __proto__ and constructor own data', () => {
    const value = read('{"__proto__":{"admin":true},"constructor":1}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect('admin' in value).toBe(false);
  });

  it.each([
    ['', 'the JSON text is empty'],
    ['{"a":}', 'malformed JSON at byte 5 of 6'],
    ['{"a":1', 'malformed JSON at byte 6 of 6'],
    ['[1,]', 'malformed JSON at byte 3 of 4'],
    ['[1 2]', 'malformed JSON at byte 3 of 5'],
    ['{a:1}', 'malformed JSON at byte 1 of 5'],
    ['01', 'malformed JSON at byte 1 of 2'],
    ['1 1', 'malformed JSON at byte 2 of 3'],
    ['NaN', 'malformed JSON at byte 0 of 3'],
    ['"\\x"', 'malformed JSON at byte 2 of 4'],
    ['"a\nb"', 'malformed JSON at byte 2 of 5'],
    ['["ä",x]', 'malformed JSON at byte 6 of 8'],
    ['tru', 'malformed JSON at byte 3 of 3'],
    ['\ufeff{}', 'malformed JSON at byte 0 of 5'],
  ])('refuses %j and says where', (text, message) => {
    expect(refusalOf(Buffer.from(text)).rawMessage).toBe(message);
  });

  it('says where in the value, not in the buffer it stands in', () => {
    const buffer = Buffer.from('xxxx[1,]xxxx');
    expect(refusalOf(buffer, 4, 8).rawMessage).toBe('malformed JSON at byte 3 of 4');
  });

  it.each([[[0x22, 0xff, 0x22]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
    'refuses bytes that are not UTF-8: %o',
    (bytes) => {
      expect(refusalOf(Uint8Array.from(bytes)).rawMessage).toBe('the JSON text is not valid UTF-8');
    },
  );

  it('refuses depth before it looks at anything else', () => {
    expect(refusalOf(Buffer.from('['.repeat(1_000_000))).rawMessage).toContain('more than 64 deep at byte 64');
  });

  it('refuses as bad input that nothing was done with', () => {
    const error = refusalOf(Buffer.from('{'));
    expect(error.code).toBe('InvalidArgument');
    expect(error.executed).toBe('no');
    expect(error.cause).toBeUndefined();
  });
});

function read(text: string): unknown {
  const bytes = Buffer.from(text);
  return decode(bytes, 0, bytes.length);
}

function refusalOf(bytes: Uint8Array, start = 0, end = bytes.length): ServiceError {
  try {
    decode(bytes, start, end);
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
