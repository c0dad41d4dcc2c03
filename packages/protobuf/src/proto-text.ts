import {
  type EnumType,
  type FieldShape,
  type ItemType,
  itemOf,
  itemText,
  type MessageShape,
} from './messages/message-shape.js';
import type { LockedMessage, ProtoLock } from './messages/proto-lock.js';
import { jsonName } from './messages/proto-names.js';
import { enumOf, unspecifiedName } from './messages/shape-message.js';
import type { MethodShape, ServiceShape } from './service-shape.js';

/** The .proto of a service (proto3), by the numbers of a lock that agrees with it. */
export function protoText(service: ServiceShape, lock: ProtoLock): string {
  const imports = importsOf(service).map((path) => `import "${path}";`);
  const blocks = [
    [
      `// The service ${JSON.stringify(service.name)}, derived from its classes. Not to be edited: the classes are the source.`,
    ],
    ['syntax = "proto3";'],
    [`package ${service.package};`],
    ...(imports.length === 0 ? [] : [imports]),
    ...serviceNames(service).map((name) => serviceLines(name, service)),
    ...service.messages.map((shape) => messageLines(shape, lock.messages[shape.name] as LockedMessage, service)),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What the file needs of protobuf's own, sorted. */
export function importsOf({ methods, messages }: ServiceShape): readonly string[] {
  const empty = methods.some(({ request, response }) => request === undefined || response === undefined);
  const dates = messages.some(({ fields }) => fields.some(({ type }) => itemOf(type).kind === 'date'));
  return [...(empty ? ['google/protobuf/empty.proto'] : []), ...(dates ? ['google/protobuf/timestamp.proto'] : [])];
}

/** The names before the dot of endpoints: one, where the service is one class. */
export function serviceNames({ methods }: ServiceShape): readonly string[] {
  return [...new Set(methods.map(({ service }) => service))];
}

function serviceLines(name: string, { methods, package: packaged }: ServiceShape): readonly string[] {
  const own = methods.filter(({ service }) => service === name);
  return [`service ${name} {`, ...own.map((method) => `  ${methodText(method, packaged)}`), '}'];
}

function methodText({ name, kind, request, response }: MethodShape, packaged: string): string {
  const message = (streams: boolean, of: string | undefined): string =>
    `(${streams ? 'stream ' : ''}${of === undefined ? emptyMessage : qualified(of, packaged, (own) => own === name)})`;
  const [asked, given] = [kind === 'client' || kind === 'bidi', kind === 'server' || kind === 'bidi'];
  return `rpc ${name}${message(asked, request)} returns ${message(given, response)};`;
}

function messageLines(
  shape: MessageShape,
  locked: LockedMessage,
  { package: packaged }: ServiceShape,
): readonly string[] {
  const enums = shape.fields.flatMap(({ type }) => enumOf(type) ?? []);
  // Within the message an enum's name stands before that of a message beside it.
  const type = (of: ItemType): string =>
    of.kind === 'message'
      ? qualified(of.name, packaged, (own) => enums.some(({ name }) => name === own))
      : itemText(of);
  const parts = [
    reservedLines(locked.reserved, '  '),
    ...enums.map((one) => enumLines(one, locked)),
    shape.fields.map((field) => `  ${fieldText(field, locked, type)}`),
  ].filter((lines) => lines.length > 0);
  const body = parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
  if (shape.fields.length > 0) return [`message ${shape.name} {`, ...body, '}'];
  const empty = '// No field of its class is known by a decorator.';
  return body.length === 0 ? [empty, `message ${shape.name} {}`] : [empty, `message ${shape.name} {`, ...body, '}'];
}

function fieldText(field: FieldShape, locked: LockedMessage, text: (type: ItemType) => string): string {
  const { name, property, type } = field;
  const option = jsonName(name) === property ? '' : ` [json_name = ${JSON.stringify(property)}]`;
  return `${typeWords(field, text(itemOf(type)))} ${name} = ${locked.fields[name]?.number}${option};`;
}

function typeWords(field: FieldShape, item: string): string {
  if (field.type.kind === 'list') return `repeated ${item}`;
  if (field.type.kind === 'map') return `map<string, ${item}>`;
  return hasPresence(field) ? `optional ${item}` : item;
}

/** Whether the .proto says `optional`: of messages absence is told anyway. */
export function hasPresence({ type, optional, nullable }: FieldShape): boolean {
  const isMessage = type.kind === 'message' || type.kind === 'date';
  return (optional || nullable) && !isMessage && type.kind !== 'list' && type.kind !== 'map';
}

function enumLines(one: EnumType, locked: LockedMessage): readonly string[] {
  const numbers = locked.enums[one.name];
  return [
    `  enum ${one.name} {`,
    ...reservedLines(numbers?.reserved ?? {}, '    '),
    `    ${unspecifiedName(one)} = 0;`,
    ...one.values.map(({ name }) => `    ${name} = ${numbers?.values[name]};`),
    '  }',
  ];
}

function reservedLines(reserved: Readonly<Record<string, number>>, indent: string): readonly string[] {
  const gone = Object.entries(reserved).sort(([, one], [, other]) => one - other);
  if (gone.length === 0) return [];
  return [
    `${indent}reserved ${gone.map(([, number]) => number).join(', ')};`,
    `${indent}reserved ${gone.map(([name]) => `"${name}"`).join(', ')};`,
  ];
}

function qualified(name: string, packaged: string, isHidden: (name: string) => boolean): string {
  return isHidden(name) ? `.${packaged}.${name}` : name;
}

const emptyMessage = 'google.protobuf.Empty';
