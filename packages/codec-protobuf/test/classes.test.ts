import 'reflect-metadata';
import { protobufCodec } from '@tenon/codec-protobuf';
import { type Codec, type DtoClass, type ServedService, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { protoFileOf, updateLock } from '@tenon/protobuf';
import { ClassMessages } from '@tenon/protobuf/messages';
import { Type } from 'class-transformer';
import { Allow, IsArray, IsBoolean, IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { describe, expect, test } from 'vitest';
import { createProtobufCodec } from './fixture.js';

class Request {
  @IsString() name!: string;
  @IsOptional() @IsInt() age?: number;
  @IsIn(['a', null]) either!: string | null;
  @IsArray() @IsIn(['x', 'y'], { each: true }) choices!: string[];
  @IsArray() @IsOptional() @IsBoolean({ each: true }) flags?: boolean[];
  @IsOptional() @IsIn([1, 2]) level?: number;
  size = 3;
}

describe.each([
  ['generated code', { generateCode: true }],
  ['closures', { generateCode: false }],
])('%s', (_, options) => {
  const codec = createProtobufCodec(options);

  test('absence, null and zero are told apart as the class tells them apart', () => {
    const value = { name: '', either: null, choices: [], size: 0 };
    expect(roundTrip(codec, Request, value)).toEqual({ name: '', either: null, choices: [], size: 0 });
    expect(roundTrip(codec, Request, { ...value, age: 0, level: 0, flags: [false] })).toEqual({
      ...value,
      age: 0,
      level: 0,
      flags: [false],
    });
    expect(roundTrip(codec, Request, { ...value, age: null, flags: null })).toEqual(value);
    expect(read(codec, Request, Buffer.alloc(0))).toEqual({ name: '', either: null, choices: [] });
    // An empty list that may be left out is one that was left out.
    expect(roundTrip(codec, Request, { ...value, flags: [] })).toEqual(value);
  });

  test('lists of enums, and sets as lists', () => {
    const value = { name: 'n', either: 'a', choices: ['y', 'x', 'y'], size: 1 };
    expect(roundTrip(codec, Request, value)).toEqual(value);
    expect(roundTrip(codec, Request, { ...value, choices: new Set(['x']) })).toEqual({ ...value, choices: ['x'] });
  });

  test('lists of numbers are read packed and one by one', () => {
    class Bits {
      @IsArray() @IsInt({ each: true }) bits!: number[];
    }
    expect(read(codec, Bits, Buffer.from('0a020102' + '0803' + '0a0104', 'hex'))).toEqual({ bits: [1, 2, 3, 4] });
  });

  test('a number that no text of the enum has is handed on as the number, for the validator to refuse', () => {
    class Colored {
      @IsIn(['red', 'green']) color!: string;
    }
    expect(read(codec, Colored, Buffer.from('0802', 'hex'))).toEqual({ color: 'green' });
    expect(read(codec, Colored, Buffer.from('0807', 'hex'))).toEqual({ color: 7 });
    expect(read(codec, Colored, Buffer.from('0800', 'hex'))).toEqual({});
    expect(read(codec, Colored, Buffer.alloc(0))).toEqual({});
  });

  test('of a message that came in pieces the later wins, and lists are joined', () => {
    class Inner {
      @IsOptional() @IsInt() one?: number;
      @IsOptional() @IsInt() two?: number;
      @IsArray() @IsInt({ each: true }) many!: number[];
    }
    class Outer {
      @Type(() => Inner) inner!: Inner;
    }
    const both = Buffer.concat([Buffer.from('0a0508011a0101', 'hex'), Buffer.from('0a07080210031a0102', 'hex')]);
    expect(read(codec, Outer, both)).toEqual({ inner: { one: 2, two: 3, many: [1, 2] } });
  });

  test('a map is taken as a Map and as an object, and is read as an object', () => {
    class Held {
      @IsInt() n!: number;
    }
    class Holder {
      @Type(() => Held) held!: Map<string, Held>;
    }
    const object = { held: { a: { n: 1 }, b: { n: 0 } } };
    expect(roundTrip(codec, Holder, object)).toEqual(object);
    expect(roundTrip(codec, Holder, { held: new Map(Object.entries(object.held)) })).toEqual(object);
    expect(() => roundTrip(codec, Holder, { held: new Map([[1, { n: 1 }]]) })).toThrow(
      /Holder\.held is an object, not an object of entries/,
    );
    // An entry without a value holds the empty message.
    expect(read(codec, Holder, Buffer.from('0a030a0161', 'hex'))).toEqual({ held: { a: { n: 0 } } });
  });

  test('a class without fields is an empty message, and a value with fields does not fit it', () => {
    class Nothing {}
    expect(roundTrip(codec, Nothing, {})).toEqual({});
    expect(() => roundTrip(codec, Nothing, { lost: 1 })).toThrow(
      /no field of Nothing is known, and the value has some/,
    );
  });

  test('−0 of a number is itself', () => {
    class Real {
      @Type(() => Number) real!: number;
    }
    const { real } = roundTrip(codec, Real, { real: -0 }) as Real;
    expect(Object.is(real, -0)).toBe(true);
  });
});

test('without a schema nothing but nothing is written, and read', () => {
  const session = createProtobufCodec().open();
  const sink = new BufferSink();
  for (const empty of [undefined, null, {}]) session.encoder()(empty, sink);
  expect(sink.position).toBe(0);
  expect(session.decoder()(Buffer.alloc(0), 0, 0)).toEqual({});
  expect(() => session.encoder()({ a: 1 }, sink)).toThrow(
    /a value without a class .*@Endpoint\(\{ response: TheClass \}\)/,
  );
  expect(() => session.decoder()(Buffer.from([8, 1]), 0, 2)).toThrow(/bytes without a class/);
});

test('what a class cannot say is refused at its first use, naming class and field', () => {
  class Loose {
    @Allow() anything: unknown;
  }
  expect(() => createProtobufCodec().open().encoder(Loose)).toThrow(/Loose\.anything may hold anything/);
  expect(codeOf(() => createProtobufCodec().open().decoder(Loose))).toBe('FailedPrecondition');
});

describe('a lock', () => {
  class Item {
    @IsString() name!: string;
    @IsInt() size!: number;
  }
  const endpoints = [{ name: 'Shop.Get', kind: 'unary' as const, request: Item, response: Item }];
  const messages = [...new ClassMessages().all(Item, 'the test').values()];
  const fresh = updateLock('shop', messages);
  const lock = {
    ...fresh,
    messages: {
      Item: {
        ...fresh.messages['Item'],
        fields: { name: { number: 7, type: 'string' }, size: { number: 3, type: 'int64' } },
      },
    },
  } as typeof fresh;
  const served = (fields: readonly { name: string; request: DtoClass }[], name = 'shop') =>
    ({
      name,
      endpoints: fields.map((descriptor) => ({ descriptor: { response: undefined, ...descriptor } })),
    }) as unknown as ServedService;

  test('says the numbers', () => {
    const codec = createProtobufCodec({ locks: [lock] });
    expect(written(codec, Item, { name: 'a', size: 5 }).toString('hex')).toBe('3a01611805');
    expect(protoFileOf('shop', endpoints, { lock }).text).toContain('string name = 7;');
  });

  test('refuses a class that does not agree with it, at start where it is served and at its first use elsewhere', () => {
    const Changed = {
      Item: class {
        size!: string;
      },
    }['Item'];
    IsString()(Changed.prototype, 'size');
    const codec = createProtobufCodec({ locks: [lock] });
    expect(() => codec.checkService?.(served([{ name: 'Shop.Get', request: Changed }]))).toThrow(
      /Item\.size is string, and int64 in the lock of shop/,
    );
    codec.checkService?.(served([{ name: 'Shop.Get', request: Item }]));
    codec.checkService?.(served([{ name: 'Other.Get', request: Changed }], 'other'));
    expect(() => codec.open().encoder(Changed)).toThrow(/Item\.size is string/);
    class Missing {
      @IsString() name!: string;
    }
    expect(() => codec.open().encoder(Missing)).toThrow(/the lock of shop has no message Missing/);
  });

  test('is checked itself, and against the others', () => {
    expect(() => protobufCodec({ locks: [{ ...lock, version: 2 } as never] })).toThrow(
      /shop is refused: it is no lock of version 1/,
    );
    const other = { ...fresh, service: 'other' };
    expect(() => protobufCodec({ locks: [lock, other] })).toThrow(
      /the locks of shop and other .*Item\.name differently/,
    );
    protobufCodec({ locks: [lock, { ...lock, service: 'other' }] });
  });
});

function written(codec: Codec, dto: DtoClass, value: unknown): Buffer {
  const sink = new BufferSink();
  codec.open().encoder(dto)(value, sink);
  return sink.bytes();
}

function read(codec: Codec, dto: DtoClass, bytes: Uint8Array): unknown {
  return codec.open().decoder(dto)(bytes, 0, bytes.length);
}

function roundTrip(codec: Codec, dto: DtoClass, value: unknown): unknown {
  return read(codec, dto, written(codec, dto, value));
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown);
  }
  return undefined;
}
