import { createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { DescribedEndpoint } from '@tenon/protobuf';
import { parseProtoLock, protoFileOf } from '@tenon/protobuf';
import { Type } from 'class-transformer';
import { Allow, IsArray, IsIn, IsObject, IsString } from 'class-validator';
import { describe, expect, test } from 'vitest';
import { Line, Order, Receipt, Tick } from './classes.js';
import { compiledByProtoc } from './protoc.js';

const endpoints: readonly DescribedEndpoint[] = [
  { name: 'Shop.Order', kind: 'unary', request: Order, response: Receipt },
  { name: 'Shop.Watch', kind: 'server', request: Line, response: Tick },
  { name: 'Shop.Count', kind: 'client', request: Tick, response: Tick },
  { name: 'Shop.Chat', kind: 'bidi', request: Tick, response: Tick },
  { name: 'Shop.Close', kind: 'unary' },
];

test('a service becomes a .proto: package, methods, messages', () => {
  const { path, text } = protoFileOf('acme.shop', endpoints);
  expect(path).toBe('acme/shop.proto');
  expect(text).toBe(`// The service "acme.shop", derived from its classes. Not to be edited: the classes are the source.

syntax = "proto3";

package acme.shop;

import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";

service Shop {
  rpc Order(.acme.shop.Order) returns (Receipt);
  rpc Watch(Line) returns (stream Tick);
  rpc Count(stream Tick) returns (Tick);
  rpc Chat(stream Tick) returns (stream Tick);
  rpc Close(google.protobuf.Empty) returns (google.protobuf.Empty);
}

message Order {
  enum Status {
    STATUS_UNSPECIFIED = 0;
    STATUS_OPEN = 1;
    STATUS_IN_TRANSIT = 2;
    STATUS_CLOSED = 3;
  }

  string customer_name = 1;
  double total = 2;
  bool gift_wrapped = 3;
  bytes signature = 4;
  google.protobuf.Timestamp due_on = 5;
  Status status = 6;
  repeated Line lines = 7;
  repeated string tags = 8;
  repeated int64 counts = 9;
  map<string, Line> by_sku = 10;
  optional string note = 11;
  optional int64 priority = 12;
  optional int64 balance = 13;
}

message Line {
  string sku = 1;
  optional int64 quantity = 2;
  Line instead = 3;
}

message Receipt {
  int64 cents = 1;
}

message Tick {
  int64 number = 1;
}
`);
});

test('protoc takes the text, and makes of it what the descriptor says', async () => {
  const { path, text, descriptor } = protoFileOf('acme.shop', endpoints);
  const made = await compiledByProtoc(path, text);
  const set = fromBinary(FileDescriptorSetSchema, made);
  const theirs = set.file.find(({ name }) => name === path);
  expect(theirs).toEqual(fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, descriptor)));
});

test('removed fields stay reserved in text and descriptor, as protoc reads them', async () => {
  const lock = parseProtoLock(
    JSON.stringify({
      version: 1,
      service: 'shop',
      messages: {
        Line: {
          fields: { sku: { number: 4, type: 'string' } },
          reserved: { price: 2, old_name: 1 },
        },
        Choice: {
          fields: { color: { number: 1, type: 'Color' } },
          enums: { Color: { values: { COLOR_RED: 3 }, reserved: { COLOR_BLUE: 1 } } },
        },
      },
    }),
  );
  class Choice {
    @IsIn(['red']) color!: string;
  }
  const Short = {
    Line: class {
      sku!: string;
    },
  }['Line'];
  IsString()(Short.prototype, 'sku');
  const { path, text, descriptor } = protoFileOf(
    'shop',
    [{ name: 'Shop.Get', kind: 'unary', request: Short, response: Choice }],
    { lock },
  );
  expect(text).toContain(`message Line {
  reserved 1, 2;
  reserved "old_name", "price";

  string sku = 4;
}`);
  const set = fromBinary(FileDescriptorSetSchema, await compiledByProtoc(path, text));
  const ours = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, descriptor));
  expect(set.file.find(({ name }) => name === path)).toEqual(ours);
});

test('@bufbuild/protobuf finds the messages of the descriptor', () => {
  const { descriptor } = protoFileOf('shop', [{ name: 'Shop.Tick', kind: 'unary', request: Tick, response: Receipt }]);
  const registry = createFileRegistry(descriptor, () => undefined);
  expect(registry.getService('shop.Shop')?.methods.map(({ name, methodKind }) => [name, methodKind])).toEqual([
    ['Tick', 'unary'],
  ]);
  expect(registry.getMessage('shop.Tick')?.field['number']?.number).toBe(1);
});

describe('a service name becomes a package', () => {
  test.each([
    ['greeter', 'greeter', 'greeter.proto'],
    ['go.micro.greeter', 'go.micro.greeter', 'go/micro/greeter.proto'],
    ['user-service', 'user_service', 'user_service.proto'],
    ['2nd.shop', '_2nd.shop', '_2nd/shop.proto'],
  ])('%s', (name, packaged, path) => {
    const file = protoFileOf(name, [{ name: 'Shop.Tick', kind: 'unary', request: Tick, response: Tick }]);
    expect([file.descriptor.package, file.path]).toEqual([packaged, path]);
  });
});

describe('what protobuf cannot express is refused, with class, field and mend', () => {
  test.each([
    [
      'anything',
      () =>
        class Bad {
          declare value: unknown;
        },
      Allow(),
      /Bad\.value may hold anything .*@IsString\(\)/,
    ],
    [
      'an object of anything',
      () =>
        class Bad {
          declare value: object;
        },
      IsObject(),
      /Bad\.value may hold anything/,
    ],
    [
      'a list of anything',
      () =>
        class Bad {
          declare value: unknown[];
        },
      IsArray(),
      /Bad\.value .*a list of what/,
    ],
    [
      'texts and numbers',
      () =>
        class Bad {
          declare value: unknown;
        },
      IsIn(['a', 1]),
      /Bad\.value is one of texts and numbers/,
    ],
    [
      'an enum value without a name',
      () =>
        class Bad {
          declare value: string;
        },
      IsIn(['a', '日本']),
      /Bad\.value may be "日本"/,
    ],
    [
      'two enum values of one name',
      () =>
        class Bad {
          declare value: string;
        },
      IsIn(['a b', 'a-b']),
      /Bad\.value .*VALUE_A_B/,
    ],
  ])('%s', (_, make, decorator, message) => {
    const dto = make();
    decorator(dto.prototype, 'value');
    expect(() => protoFileOf('bad', [{ name: 'Bad.Get', kind: 'unary', request: dto, response: Tick }])).toThrow(
      message,
    );
  });

  test('two fields of one name, a field that is no name, a method that is none, a service that is a message', () => {
    class Twice {
      @IsString() dueOn!: string;
      @IsString() due_on!: string;
    }
    class Odd {
      @IsString() 'content-type'!: string;
    }
    const of = (request: typeof Twice | typeof Odd | typeof Tick, name = 'Shop.Get') =>
      protoFileOf('shop', [{ name, kind: 'unary', request, response: Tick }]);
    expect(() => of(Twice)).toThrow(/Twice\.dueOn and Twice\.due_on are both "due_on"/);
    expect(() => of(Odd)).toThrow(/Odd\.content-type cannot be a protobuf field/);
    expect(() => of(Tick, 'Shop.Get-It')).toThrow(/the endpoint Shop\.Get-It/);
    expect(() => of(Tick, 'Tick.Get')).toThrow(/Tick is a service and a message/);
  });

  test('a Standard Schema', () => {
    const schema = { '~standard': { version: 1 as const, vendor: 'x', validate: (value: unknown) => ({ value }) } };
    const of = () => protoFileOf('shop', [{ name: 'Shop.Get', kind: 'unary', request: schema, response: Tick }]);
    expect(of).toThrow(/the request of Shop\.Get is described by a Standard Schema.*use a DTO class/);
  });

  test('two classes of one name', () => {
    const Other = {
      Tick: class {
        at!: string;
      },
    }['Tick'];
    IsString()(Other.prototype, 'at');
    const of = () => protoFileOf('shop', [{ name: 'Shop.Get', kind: 'unary', request: Tick, response: Other }]);
    expect(of).toThrow(/two classes are called Tick/);
  });

  test('a class that is nested and a reply is one message, and one without fields says so', () => {
    class Holder {
      @Type(() => Tick) tick!: Tick;
    }
    class Nothing {}
    const empty = protoFileOf('shop', [{ name: 'Shop.Get', kind: 'unary', request: Nothing, response: Tick }]);
    expect(empty.text).toContain('// No field of its class is known by a decorator.\nmessage Nothing {}\n');
    const file = protoFileOf('shop', [{ name: 'Shop.Get', kind: 'unary', request: Holder, response: Tick }]);
    expect(file.text.match(/message Tick/g)).toHaveLength(1);
  });
});
