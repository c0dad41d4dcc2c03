import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

/** The service of echo.proto as protoc-gen-es would describe it, without a compiler at hand. */
export function echoService() {
  const file = {
    name: 'echo.proto',
    package: 'bench',
    syntax: 'proto3',
    messageType: [
      message('SmallMessage', field('name', 1, Type.STRING), field('n', 2, Type.INT32)),
      message(
        'Item',
        field('id', 1, Type.INT32),
        field('name', 2, Type.STRING),
        field('price', 3, Type.DOUBLE),
        field('active', 4, Type.BOOL),
        field('quantity', 5, Type.INT32),
      ),
      message('RecordsMessage', {
        ...field('items', 1, Type.MESSAGE),
        label: Label.REPEATED,
        typeName: '.bench.Item',
      }),
      message('CountRequest', field('to', 1, Type.INT32)),
      message('Tick', field('n', 1, Type.INT32)),
    ],
    service: [
      {
        name: 'Echo',
        method: [
          method('Small', 'SmallMessage', 'SmallMessage'),
          method('Records', 'RecordsMessage', 'RecordsMessage'),
          { ...method('Count', 'CountRequest', 'Tick'), serverStreaming: true },
          { ...method('Converse', 'Tick', 'Tick'), clientStreaming: true, serverStreaming: true },
        ],
      },
    ],
  };
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService('bench.Echo');
}

function message(name, ...fields) {
  return { name, field: fields };
}

function field(name, number, type) {
  return { name, number, type, label: Label.OPTIONAL, jsonName: name };
}

function method(name, request, reply) {
  return { name, inputType: `.bench.${request}`, outputType: `.bench.${reply}` };
}
