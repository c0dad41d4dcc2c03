import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type MethodDescriptorProto,
  MethodDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { type EnumType, type FieldShape, type ItemType, itemOf, type MessageShape } from './messages/message-shape.js';
import type { LockedMessage, ProtoLock } from './messages/proto-lock.js';
import { pascalCase } from './messages/proto-names.js';
import { enumOf, unspecifiedName } from './messages/shape-message.js';
import { hasPresence, importsOf, serviceNames } from './proto-text.js';
import type { MethodShape, ServiceShape } from './service-shape.js';

/** What `protoc` makes of the text of {@link protoText}, without running it: for server reflection. */
export function fileDescriptor(service: ServiceShape, lock: ProtoLock, path: string): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name: path,
    package: service.package,
    dependency: [...importsOf(service)],
    syntax: 'proto3',
    service: serviceNames(service).map((name) => ({
      name,
      method: service.methods
        .filter((method) => method.service === name)
        .map((method) => describeMethod(method, service)),
    })),
    messageType: service.messages.map((shape) =>
      describeMessage(shape, lock.messages[shape.name] as LockedMessage, service.package),
    ),
  });
}

function describeMethod({ name, kind, request, response }: MethodShape, service: ServiceShape): MethodDescriptorProto {
  const message = (of: string | undefined) =>
    of === undefined ? '.google.protobuf.Empty' : `.${service.package}.${of}`;
  return create(MethodDescriptorProtoSchema, {
    name,
    inputType: message(request),
    outputType: message(response),
    ...(kind === 'client' || kind === 'bidi' ? { clientStreaming: true } : {}),
    ...(kind === 'server' || kind === 'bidi' ? { serverStreaming: true } : {}),
  });
}

function describeMessage({ name, fields }: MessageShape, locked: LockedMessage, packaged: string): DescriptorProto {
  const scope = `.${packaged}.${name}`;
  const optional = fields.filter(hasPresence).map((field) => field.name);
  const described = fields.map((field) => {
    const index = optional.indexOf(field.name);
    return describeField(field, locked.fields[field.name]?.number ?? 0, scope, packaged, index < 0 ? undefined : index);
  });
  const entries = fields.flatMap((field) => (field.type.kind === 'map' ? describeEntry(field, scope, packaged) : []));
  const reserved = Object.entries(locked.reserved).sort(([, one], [, other]) => one - other);
  return create(DescriptorProtoSchema, {
    name,
    field: described,
    nestedType: entries,
    enumType: fields.flatMap(({ type }) => enumOf(type) ?? []).map((one) => describeEnum(one, locked)),
    // Each field that says `optional` is alone in a oneof that nobody sees.
    oneofDecl: optional.map((field) => ({ name: `_${field}` })),
    reservedRange: reserved.map(([, number]) => ({ start: number, end: number + 1 })),
    reservedName: reserved.map(([field]) => field),
  });
}

function describeField(
  { name, property, type }: FieldShape,
  number: number,
  scope: string,
  packaged: string,
  oneofIndex: number | undefined,
): FieldDescriptorProto {
  const repeated = type.kind === 'list' || type.kind === 'map';
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    jsonName: property,
    label: repeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
    ...(type.kind === 'map'
      ? { type: FieldDescriptorProto_Type.MESSAGE, typeName: `${scope}.${entryName(name)}` }
      : itemType(itemOf(type), scope, packaged)),
    ...(oneofIndex === undefined ? {} : { oneofIndex, proto3Optional: true }),
  });
}

function describeEntry({ name, type }: FieldShape, scope: string, packaged: string): DescriptorProto {
  const { OPTIONAL } = FieldDescriptorProto_Label;
  const key = { name: 'key', number: 1, jsonName: 'key', label: OPTIONAL, type: FieldDescriptorProto_Type.STRING };
  const value = {
    name: 'value',
    number: 2,
    jsonName: 'value',
    label: OPTIONAL,
    ...itemType(itemOf(type), scope, packaged),
  };
  return create(DescriptorProtoSchema, { name: entryName(name), field: [key, value], options: { mapEntry: true } });
}

function describeEnum(one: EnumType, locked: LockedMessage) {
  const numbers = locked.enums[one.name];
  const reserved = Object.entries(numbers?.reserved ?? {}).sort(([, first], [, other]) => first - other);
  return create(EnumDescriptorProtoSchema, {
    name: one.name,
    value: [
      { name: unspecifiedName(one), number: 0 },
      ...one.values.map(({ name }) => ({ name, number: numbers?.values[name] ?? 0 })),
    ],
    // Unlike those of fields, these ranges include their end.
    reservedRange: reserved.map(([, number]) => ({ start: number, end: number })),
    reservedName: reserved.map(([name]) => name),
  });
}

function itemType(type: ItemType, scope: string, packaged: string) {
  const { BOOL, BYTES, DOUBLE, ENUM, INT64, MESSAGE, STRING } = FieldDescriptorProto_Type;
  switch (type.kind) {
    case 'message':
      return { type: MESSAGE, typeName: `.${packaged}.${type.name}` };
    case 'date':
      return { type: MESSAGE, typeName: '.google.protobuf.Timestamp' };
    case 'enum':
      return { type: ENUM, typeName: `${scope}.${type.name}` };
    default:
      return {
        type: { string: STRING, boolean: BOOL, integer: INT64, bigint: INT64, number: DOUBLE, bytes: BYTES }[type.kind],
      };
  }
}

/** `DueOnEntry`: the message that protoc makes of each entry of a map. */
function entryName(field: string): string {
  return `${pascalCase(field)}Entry`;
}
