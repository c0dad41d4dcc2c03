import { maxDepth } from './limits.js';
import { type FieldPlan, hasPresence, type ItemPlan, type MessagePlan } from './message-plan.js';
import { entriesOf, listOf, misfit, misfitItem, misfitMessage, tooDeep, unknownFields } from './misfit.js';
import { bytesTag, isPackable, tagOf } from './wire-type.js';
import { isInt64, isTimestamp, type WireWriter } from './wire-writer.js';

/**
 * Writes the fields of a message.
 *
 * @throws ServiceError `InvalidArgument` that names class and field.
 */
export type WriteMessage = (value: unknown, writer: WireWriter, depth: number) => void;

/** The writers of some messages, made of closures: where code may not be generated. The same bytes, several times as slow. */
export function closedEncoders(messages: readonly MessagePlan[]): readonly WriteMessage[] {
  const encoders = messages.map((message): WriteMessage => {
    return (value, writer, depth) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfitMessage(message, value);
      if (depth > maxDepth) throw tooDeep();
      if (message.fields.length === 0) refuseFields(message, value);
      for (const field of message.fields) writeField(field, ownOf(value, field.property), writer, depth, encoders);
    };
  });
  return encoders;
}

function refuseFields(message: MessagePlan, value: object): void {
  if (Object.values(value).some((one) => one !== undefined)) throw unknownFields(message);
}

/** What every object inherits is only read where it is the object's own. */
function ownOf(value: object, property: string): unknown {
  if (property in Object.prototype && !Object.hasOwn(value, property)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[property];
}

function writeField(
  field: FieldPlan,
  value: unknown,
  writer: WireWriter,
  depth: number,
  encoders: readonly WriteMessage[],
): void {
  const { item, number } = field;
  if ((value === undefined && field.optional) || (value === null && field.nullable)) return;
  const write = (one: unknown): void => writeItem(item, one, writer, depth, encoders);
  if (field.shape === 'one') {
    if (!fits(item, value)) throw misfit(field, value);
    if (!hasPresence(field) && isZero(value)) return;
    writer.varint(tagOf(number, item));
    write(value);
    return;
  }
  if (field.shape === 'map') {
    const entries = entriesOf(value);
    if (entries === undefined) throw misfit(field, value);
    for (const [key, one] of entries) {
      if (!fits(item, one)) throw misfitItem(field, one);
      writer.varint(bytesTag(number));
      const start = writer.open();
      writer.varint(bytesTag(1));
      writer.string(key);
      writer.varint(tagOf(2, item));
      write(one);
      writer.close(start);
    }
    return;
  }
  const items = listOf(value);
  if (items === undefined) throw misfit(field, value);
  if (items.length === 0) return;
  const packed = isPackable(item);
  if (packed) writer.varint(bytesTag(number));
  const start = packed ? writer.open() : 0;
  for (const one of items) {
    if (!fits(item, one)) throw misfitItem(field, one);
    if (!packed) writer.varint(bytesTag(number));
    write(one);
  }
  if (packed) writer.close(start);
}

function writeItem(
  item: ItemPlan,
  value: unknown,
  writer: WireWriter,
  depth: number,
  encoders: readonly WriteMessage[],
): void {
  switch (item.kind) {
    case 'enum':
      writer.varint(item.numbers.get(value) as number);
      return;
    case 'bigint':
      if (typeof value === 'bigint') writer.bigint(value);
      else writer.integer(value as number);
      return;
    case 'message': {
      const start = writer.open();
      (encoders[item.message] as WriteMessage)(value, writer, depth + 1);
      writer.close(start);
      return;
    }
    default:
      (writer[item.kind] as (value: unknown) => void).call(writer, value);
  }
}

function fits(item: ItemPlan, value: unknown): boolean {
  switch (item.kind) {
    case 'integer':
      return Number.isSafeInteger(value);
    case 'bigint':
      return isInt64(value) || Number.isSafeInteger(value);
    case 'bytes':
      return value instanceof Uint8Array;
    case 'date':
      return isTimestamp(value);
    case 'enum':
      return item.numbers.has(value);
    case 'message':
      return typeof value === 'object' && value !== null;
    default:
      return typeof value === item.kind;
  }
}

/** Whether a value is the one that absence stands for. −0 of a double is not: its bits are others. */
function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === '' || value === false || value === 0n || Object.is(value, 0);
}
