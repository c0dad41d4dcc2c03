import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { MessageReader } from './message-reader.js';
import { RecordCodes } from './record-codes.js';

const codes = new RecordCodes();
const reader = new MessageReader({ maxDepth: 64, maxElements: 1_000 }, codes);

/** What the reader says about some bytes given as hex: the error's text, or `fine`. */
function verdict(hex: string, using = reader): string {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  // Bytes around the message that would change the verdict if they were read.
  for (const poison of [0x00, 0xc1, 0xff]) {
    const around = Buffer.concat([Buffer.alloc(7, poison), bytes, Buffer.alloc(300, poison)]);
    expect(textOf(around, 7, 7 + bytes.length, using)).toBe(textOf(bytes, 0, bytes.length, using));
  }
  return textOf(bytes, 0, bytes.length, using);
}

function textOf(buffer: Buffer, start: number, end: number, using: MessageReader): string {
  try {
    using.read(buffer, start, end);
    return 'fine';
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ServiceError);
    const { code, executed, rawMessage } = thrown as ServiceError;
    expect([code, executed]).toEqual(['InvalidArgument', 'no']);
    return rawMessage;
  }
}

test.each([
  '00',
  '7f',
  'ff',
  'e0',
  'c0',
  'c2',
  'c3',
  'a0',
  'a161',
  '90',
  '80',
  '9100',
  '81a16100',
  'cc80',
  'cd0100',
  'ce00010000',
  'cf0000000100000000',
  'd080',
  'd18000',
  'd280000000',
  'd38000000000000000',
  'ca3f800000',
  'cb3ff0000000000000',
  'c400',
  'c401ff',
  'c50001ff',
  'c600000001ff',
  'd900',
  'd90161',
  'da000161',
  'db0000000161',
  'dc0000',
  'dc0001c0',
  'dd00000001c0',
  'de0000',
  'de0001a161c0',
  'df00000001d9016100',
  '8181',
])('%s is judged by its length alone when it is cut anywhere', (hex) => {
  const bytes = hex.length / 2;
  for (let kept = 0; kept < bytes; kept += 1) expect(verdict(hex.slice(0, kept * 2))).toMatch(/cut short/);
  if (hex !== '8181') expect(verdict(hex)).toBe('fine');
});

test.each([
  ['more bytes than one value', '0000', /more than one value at byte 1/],
  ['more bytes than one container', '9100c0', /more than one value at byte 2/],
  ['the unused byte', 'c1', /unused byte 0xc1 at byte 0/],
  ['the unused byte inside', '92c2c1', /unused byte 0xc1 at byte 2/],
  ['a record definition', 'd47240 92a161a162 01 02', /extension type 114 at byte 0/],
  ['a record definition of two bytes', 'd5724000 91a161 01', /extension type 114 at byte 0/],
  ['an extension of type 1', 'd60100000000', /extension type 1 at byte 0/],
  ['msgpackr’s undefined', 'd40000', /extension type 0 at byte 0/],
  ['a key that is a number', '8101c0', /map key that is no string at byte 1/],
  ['a key that is nil', '81c0c0', /map key that is no string/],
  ['a key that is bytes', '81c401ffc0', /map key that is no string/],
  ['a key that is a map', '8180c0', /map key that is no string/],
  ['a second key that is no string', '82a161c0c2c0', /map key that is no string at byte 4/],
  ['__proto__ in its shortest form', '81a95f5f70726f746f5f5f80', /map key __proto__ at byte 1/],
  ['__proto__ with 8 bits of length', '81d9095f5f70726f746f5f5f80', /map key __proto__/],
  ['__proto__ with 16 bits of length', '81da00095f5f70726f746f5f5f80', /map key __proto__/],
  ['__proto__ with 32 bits of length', '81db000000095f5f70726f746f5f5f80', /map key __proto__/],
  ['__proto__ further in', '9181a16181a95f5f70726f746f5f5f80', /map key __proto__ at byte 5/],
])('%s is refused', (_what, hex, message) => {
  expect(verdict(hex)).toMatch(message);
});

test('__proto__ is a text like any other where it is no key, and keys like it are keys like any other', () => {
  expect(verdict('a95f5f70726f746f5f5f')).toBe('fine');
  for (const key of ['__proto_', '__proto__x', '__prot0__', 'constructor', 'prototype']) {
    expect(verdict(Buffer.from([0x81, 0xa0 | key.length, ...Buffer.from(key), 0xc0]).toString('hex'))).toBe('fine');
  }
});

test('of all extension types only the timestamp passes, and only where a Date can hold it', () => {
  for (let type = 0; type < 0xff; type += 1) {
    const hex = type.toString(16).padStart(2, '0');
    for (const head of ['d4', 'd5', 'd6', 'd7', 'd8', 'c70c', 'c8000c', 'c90000000c']) {
      expect(verdict(`${head}${hex}${'00'.repeat(16)}`)).toMatch(/extension type/);
    }
  }
  expect(verdict('d6ff00000000')).toBe('fine');
  expect(verdict('d6ffffffffff')).toBe('fine');
  expect(verdict(`d7ff${'ee6b27fc'}00000000`)).toBe('fine');
  expect(verdict(`d7ff${'ee6b2800'}00000000`), 'a billion nanoseconds').toMatch(/no date/);
  expect(verdict('c70cff3b9ac9ffffffffffffffffff')).toBe('fine');
  expect(verdict('c70cff3b9aca00ffffffffffffffff'), 'a billion nanoseconds').toMatch(/no date/);
  expect(verdict('c70cff00000000000007dba8218000'), 'the last second of a Date').toBe('fine');
  expect(verdict('c70cff00000001000007dba8218000'), 'a nanosecond more').toMatch(/no date/);
  expect(verdict('c70cff00000000fffff82457de8000'), 'the first second of a Date').toBe('fine');
  expect(verdict('c70cff00000000fffff82457de7fff'), 'a second less').toMatch(/no date/);
  expect(verdict('c70cff000000007fffffffffffffff')).toMatch(/no date/);
  for (const length of ['00', '01', '05', '0b', '0d', '10']) {
    expect(verdict(`c7${length}ff${'00'.repeat(Number.parseInt(length, 16))}`)).toMatch(/no date/);
  }
  expect(verdict('d4ff00')).toMatch(/no date/);
  expect(verdict('d5ff0000')).toMatch(/no date/);
  expect(verdict(`d8ff${'00'.repeat(16)}`)).toMatch(/no date/);
});

test.each([
  ['d7ffee6b27fc7fffffff', '2038-01-19T03:14:07.999Z'],
  ['c70cff3b9ac9ffffffffffffffffff', '1969-12-31T23:59:59.999Z'],
  ['d7ffa1dcd7c85a4af6a5', '2018-01-02T03:04:05.678Z'],
])('what a timestamp %s has beyond its milliseconds is left away, never rounded up', (hex, date) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(reader.read(bytes, 0, bytes.length)).toEqual(new Date(date));
});

test.each(['91', 'dc0001', 'dd00000001', '81a161', 'de0001a161', 'df00000001a161'])(
  'containers opened by %s may be 64 deep and not 65, whether the innermost is empty or not',
  (opening) => {
    for (const innermost of ['c0', '90', '80']) {
      const around = innermost === 'c0' ? 64 : 63;
      expect(verdict(opening.repeat(around) + innermost)).toBe('fine');
      expect(verdict(opening.repeat(around + 1) + innermost)).toMatch(/nesting of more than 64/);
    }
  },
);

test('depth is that of the place, not of the message: siblings do not add up', () => {
  expect(
    verdict(
      `dc0064${`${'91'.repeat(62)}90`.repeat(100)}`,
      new MessageReader({ maxDepth: 64, maxElements: 1e6 }, codes),
    ),
  ).toBe('fine');
});

test('each element, field and container counts as one value', () => {
  const three = new MessageReader({ maxDepth: 64, maxElements: 3 }, codes);
  for (const hex of ['92c0c0', '82a161c0a162c0', '9191c0', '929090']) expect(verdict(hex, three)).toBe('fine');
  for (const hex of ['93c0c0c0', '83a161c0a162c0a163c0', '929190c0', '93909090']) {
    expect(verdict(hex, three)).toMatch(/more than 3 values/);
  }
});

test('a count that the bytes cannot hold is refused at its header', () => {
  expect(verdict('dd00ffffff00')).toMatch(/cut short at byte 0/);
  expect(verdict('df00000002a161c0')).toMatch(/cut short at byte 0/);
  expect(verdict('91ddffffffff')).toMatch(/cut short at byte 1/);
});
