import {
  checkLock,
  formatProtoLock,
  lockChanges,
  parseProtoLock,
  refuseRenumbering,
  updateLock,
} from '@tenon/protobuf';
import { ClassMessages } from '@tenon/protobuf/messages';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { describe, expect, test } from 'vitest';

/** The messages of a class called Item, made of some fields. */
function item(fields: Readonly<Record<string, readonly PropertyDecorator[]>>) {
  const dto = { Item: class {} }['Item'];
  for (const [name, decorators] of Object.entries(fields)) for (const put of decorators) put(dto.prototype, name);
  return [...new ClassMessages().all(dto, 'the test').values()];
}

const first = item({ name: [IsString()], size: [IsInt()] });

describe('numbers that were given stay', () => {
  test('a new lock numbers fields in the order of the class', () => {
    expect(formatProtoLock(updateLock('shop', first))).toBe(`{
  "version": 1,
  "service": "shop",
  "messages": {
    "Item": {
      "fields": {
        "name": { "number": 1, "type": "string" },
        "size": { "number": 2, "type": "int64" }
      }
    }
  }
}
`);
  });

  test('a field in between gets the next number, and moving fields changes nothing', () => {
    const after = updateLock(
      'shop',
      item({ size: [IsInt()], flag: [IsBoolean()], name: [IsString()] }),
      updateLock('shop', first),
    );
    expect(numbers(after)).toEqual({ name: 1, size: 2, flag: 3 });
    expect(lockChanges(updateLock('shop', first), after)).toEqual(['Item.flag is new, as 3']);
  });

  test('a removed field is reserved, and its number never given again', () => {
    const removed = updateLock('shop', item({ name: [IsString()] }), updateLock('shop', first));
    expect(removed.messages['Item']?.reserved).toEqual({ size: 2 });
    expect(numbers(updateLock('shop', item({ name: [IsString()], flag: [IsBoolean()] }), removed))).toEqual({
      name: 1,
      flag: 3,
    });
    expect(lockChanges(updateLock('shop', first), removed)).toEqual(['Item.size is gone, and its number 2 reserved']);
  });

  test('a field that becomes optional keeps its number', () => {
    const after = updateLock(
      'shop',
      item({ name: [IsString(), IsOptional()], size: [IsInt()] }),
      updateLock('shop', first),
    );
    expect(after).toEqual(updateLock('shop', first));
  });

  test('a message that no endpoint needs keeps its numbers', () => {
    const lock = updateLock('shop', first);
    expect(updateLock('shop', first, updateLock('shop', [], lock))).toEqual(lock);
  });

  test('enum values are numbered alike', () => {
    const before = updateLock('shop', item({ color: [IsIn(['red', 'green'])] }));
    const after = updateLock('shop', item({ color: [IsIn(['blue', 'green'])] }), before);
    expect(after.messages['Item']?.enums).toEqual({
      Color: { values: { COLOR_BLUE: 3, COLOR_GREEN: 2 }, reserved: { COLOR_RED: 1 } },
    });
    expect(() => updateLock('shop', item({ color: [IsIn(['red'])] }), after)).toThrow(
      /Item\.Color\.COLOR_RED was removed/,
    );
  });

  test('the numbers that protobuf keeps to itself are passed over', () => {
    const before = parse({ Item: { fields: { name: { number: 18_999, type: 'string' } } } });
    expect(numbers(updateLock('shop', item({ name: [IsString()], size: [IsInt()] }), before))).toEqual({
      name: 18_999,
      size: 20_000,
    });
  });

  test('a lock survives being written and read', () => {
    const lock = updateLock('shop', item({ color: [IsIn(['red'])], name: [IsString()] }));
    expect(parseProtoLock(formatProtoLock(lock))).toEqual(lock);
  });
});

describe('what would be mistaken on the wire is an error that names message and field', () => {
  const lock = updateLock('shop', first);
  const removed = updateLock('shop', item({ name: [IsString()] }), lock);

  test('another type', () => {
    expect(() => updateLock('shop', item({ name: [IsInt()], size: [IsInt()] }), lock)).toThrow(
      /Item\.name was string and is int64 now/,
    );
  });

  test('a reserved name', () => {
    expect(() => updateLock('shop', first, removed)).toThrow(/Item\.size was removed and its number 2 is reserved/);
  });

  test.each([
    [
      'another number',
      { Item: { fields: { name: f(2, 'string'), size: f(1, 'int64') } } },
      /Item\.name was 1 and is 2/,
    ],
    [
      'another type',
      { Item: { fields: { name: f(1, 'bytes'), size: f(2, 'int64') } } },
      /Item\.name was string and is bytes/,
    ],
    [
      'a freed number',
      { Item: { fields: { name: f(1, 'string') } } },
      /Item\.size is gone from the lock, and its number 2 is free/,
    ],
    ['a lost message', {}, /Item is gone from the lock/],
  ])('renumbering by hand: %s', (_, messages, message) => {
    expect(() => refuseRenumbering(lock, parse(messages))).toThrow(message);
  });

  test('what was reserved and is in use', () => {
    expect(() => refuseRenumbering(removed, lock)).toThrow(/Item\.size was reserved and is in use/);
    refuseRenumbering(lock, removed);
  });

  test.each([
    ['no JSON', '{', /it is not JSON/],
    ['another version', '{"version":2}', /no lock of version 1/],
    ['no service', '{"version":1}', /it names no service/],
    [
      'two of one number',
      text({ Item: { fields: { name: f(1, 'string'), size: f(1, 'int64') } } }),
      /Item\.name and Item\.size both have the number 1/,
    ],
    [
      'in use and reserved',
      text({ Item: { fields: { name: f(1, 'string') }, reserved: { name: 2 } } }),
      /Item\.name is in use and reserved/,
    ],
    [
      'a reserved number in use',
      text({ Item: { fields: { name: f(1, 'string') }, reserved: { old: 1 } } }),
      /both have the number 1/,
    ],
    [
      'a number of protobuf',
      text({ Item: { fields: { name: f(19_000, 'string') } } }),
      /Item\.name has the number 19000/,
    ],
    ['no number', text({ Item: { fields: { name: f(0, 'string') } } }), /Item\.name has the number 0/],
    ['a fraction', text({ Item: { fields: { name: f(1.5, 'string') } } }), /Item\.name has the number 1\.5/],
    ['no type', text({ Item: { fields: { name: { number: 1 } } } }), /Item\.name has no type/],
    [
      'an enum value of 0',
      text({ Item: { fields: {}, enums: { Color: { values: { COLOR_RED: 0 } } } } }),
      /Item\.Color\.COLOR_RED has the number 0/,
    ],
  ])('a file with %s', (_, content, message) => {
    expect(() => parseProtoLock(content, 'shop.lock.json')).toThrow(message);
    expect(() => parseProtoLock(content, 'shop.lock.json')).toThrow(
      /^\[FailedPrecondition\] shop\.lock\.json is refused/,
    );
  });
});

describe('a class must agree with its lock', () => {
  const lock = updateLock('shop', first);

  test.each([
    [
      'a field more',
      item({ name: [IsString()], size: [IsInt()], flag: [IsBoolean()] }),
      /Item\.flag has no number in the lock of shop/,
    ],
    [
      'a field less',
      item({ name: [IsString()] }),
      /Item\.size is in the lock of shop, and the class has no such field/,
    ],
    ['another type', item({ name: [IsString()], size: [IsString()] }), /Item\.size is string, and int64 in the lock/],
  ])('%s', (_, messages, message) => {
    expect(() => checkLock(messages, lock)).toThrow(message);
  });

  test('a message that is not there, a reserved field, an enum value more', () => {
    expect(() => checkLock(first, updateLock('shop', []))).toThrow(/has no message Item/);
    expect(() => checkLock(first, updateLock('shop', item({ name: [IsString()] }), lock))).toThrow(
      /Item\.size is reserved/,
    );
    const colors = updateLock('shop', item({ color: [IsIn(['red'])] }));
    expect(() => checkLock(item({ color: [IsIn(['red', 'blue'])] }), colors)).toThrow(/Item\.COLOR_BLUE has no number/);
    checkLock(first, lock);
  });
});

function numbers(lock: ReturnType<typeof updateLock>): Readonly<Record<string, number>> {
  const fields = lock.messages['Item']?.fields ?? {};
  return Object.fromEntries(Object.entries(fields).map(([name, { number }]) => [name, number]));
}

function f(number: number, type: string): object {
  return { number, type };
}

function text(messages: object): string {
  return JSON.stringify({ version: 1, service: 'shop', messages });
}

function parse(messages: object): ReturnType<typeof parseProtoLock> {
  return parseProtoLock(text(messages));
}
