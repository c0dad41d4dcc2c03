import { create, createFileRegistry, type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { generated, generatedMessages } from '@tenon/codec-protobuf/generated';
import { type Codec, type Schema, ServiceError } from '@tenon/contract';
import { OpenCodec } from '@tenon/contract/authoring';
import { protoFileOf } from '@tenon/protobuf';
import { IsInt, IsString } from 'class-validator';
import { describe, expect, test } from 'vitest';
import { createProtobufCodec } from './fixture.js';

// Message types as generated code has them, here made of a descriptor at run time: the two are the same to protobuf-es.

class Hello {
  @IsString() name!: string;
  @IsInt() age!: number;
}

const registry = createFileRegistry(
  protoFileOf('greeter', [{ name: 'Greeter.Hello', kind: 'unary', request: Hello, response: Hello }]).descriptor,
  () => undefined,
);
const HelloSchema = registry.getMessage('greeter.Hello') as DescMessage;
const file = registry.getFile('greeter.proto') as DescFile;
const ada = create(HelloSchema, { name: 'Ada', age: 36n } as never);

describe('as the schema of an endpoint', () => {
  const schema = generated(HelloSchema);

  test('messages, and plain objects, are written as protobuf-es writes them, and read as messages', () => {
    const open = opened(createProtobufCodec());
    for (const value of [ada, { name: 'Ada', age: 36n }]) {
      const bytes = open.encode(value, schema);
      expect(bytes.equals(toBinary(HelloSchema, ada))).toBe(true);
      expect(open.decode(bytes, schema)).toEqual(ada);
    }
  });

  test('the same bytes are those of the class', () => {
    const open = opened(createProtobufCodec());
    expect(open.decode(open.encode(ada, schema), Hello)).toEqual({ name: 'Ada', age: 36 });
  });

  test('what is no message of the type is refused', () => {
    const open = opened(createProtobufCodec());
    for (const value of [1, null, [], 'Ada', create(other(), {} as never), { age: 'x' }]) {
      expect(codeOf(() => open.encode(value, schema))).toBe('InvalidArgument');
    }
    for (const hex of ['0a', '0a05', '0b', '0a01ff']) {
      expect(codeOf(() => open.decode(Buffer.from(hex, 'hex'), schema))).toBe('InvalidArgument');
    }
  });

  test('another codec may carry it: validating makes a message of plain data', () => {
    const validate = schema['~standard'].validate;
    expect(validate(ada)).toEqual({ value: ada });
    expect(validate({ name: 'Ada', age: 36n })).toEqual({ value: ada });
    expect(validate({ nothing: 1 })).toHaveProperty('value');
    expect(validate('Ada')).toEqual({ issues: [{ message: 'the value is no greeter.Hello' }] });
  });
});

describe('by the name that a message carries', () => {
  const codec = createProtobufCodec({ generated: generatedMessages(file) });

  test('a registered one is written without a schema', () => {
    expect(opened(codec).encode(ada).equals(toBinary(HelloSchema, ada))).toBe(true);
  });

  test('another one, and plain data, are refused', () => {
    for (const value of [{ $typeName: 'greeter.Nobody' }, { name: 'Ada' }, { $typeName: 7 }]) {
      expect(codeOf(() => opened(codec).encode(value))).toBe('InvalidArgument');
    }
    expect(codeOf(() => opened(createProtobufCodec()).encode(ada))).toBe('InvalidArgument');
  });
});

test('a message that is decoded keeps no reference to the buffer', () => {
  class Blob {
    bytes = new Uint8Array(0);
  }
  const registry = createFileRegistry(
    protoFileOf('blobs', [{ name: 'Blobs.Put', kind: 'unary', request: Blob, response: Blob }]).descriptor,
    () => undefined,
  );
  const schema = generated(registry.getMessage('blobs.Blob') as DescMessage) as Schema;
  const open = opened(createProtobufCodec());
  const bytes = open.encode({ bytes: Uint8Array.of(1, 2, 3) }, schema);
  const { bytes: read } = open.decode(bytes, schema) as { bytes: Uint8Array };
  bytes.fill(0);
  expect([...read]).toEqual([1, 2, 3]);
});

function other(): DescMessage {
  const { descriptor } = protoFileOf('other', [{ name: 'Other.Get', kind: 'unary', request: Hello, response: Hello }]);
  return createFileRegistry(descriptor, () => undefined).getMessage('other.Hello') as DescMessage;
}

function opened(codec: Codec): OpenCodec {
  return new OpenCodec(codec.contentType, codec.open());
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (thrown) {
    return thrown instanceof ServiceError ? thrown.code : String(thrown);
  }
  return undefined;
}
