import { type FieldPlan, type ItemPlan, type MessagePlan, zeroItem, zeroOf } from './message-plan.js';
import type { ReadMessage, WireReader } from './wire-reader.js';
import { bytesTag, isPackable, tagOf } from './wire-type.js';

/** The readers of some messages, made of closures: where code may not be generated. The same values, several times as slow. */
export function closedDecoders(messages: readonly MessagePlan[]): readonly ReadMessage[] {
  const decoders = messages.map((message): ReadMessage => {
    const byTag = new Map(message.fields.flatMap((field) => tagsOf(field).map((tag) => [tag, field] as const)));
    return (reader, end, depth) => {
      reader.enter(message.fields.length + 1, depth);
      const read = new Map<FieldPlan, unknown>();
      while (reader.position < end) {
        const tag = reader.tag(end);
        const field = byTag.get(tag);
        if (field === undefined) reader.skip(tag, end, depth);
        else read.set(field, readField(field, tag, read.get(field), { reader, end, depth, decoders }));
      }
      const value: Record<string, unknown> = {};
      for (const field of message.fields) settle(field, read.get(field), value, { reader, end, depth, decoders });
      reader.position = end;
      return value;
    };
  });
  return decoders;
}

/** `google.protobuf.Timestamp`. */
export function readDate(reader: WireReader, end: number, depth: number): Date {
  return reader.date(end, depth);
}

/** The text of a number; one that the class does not know as the number, for the validator to judge. 0 is none. */
export function readEnum(number: number, texts: ReadonlyMap<number, string>, isSingle: boolean): unknown {
  return texts.get(number) ?? (number === 0 && isSingle ? undefined : number);
}

/** Sets an entry as data of the object itself, whatever it is called. */
export function setEntry(map: object, key: string, value: unknown): void {
  if (key in Object.prototype) {
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  } else (map as Record<string, unknown>)[key] = value;
}

interface Place {
  readonly reader: WireReader;
  readonly end: number;
  readonly depth: number;
  readonly decoders: readonly ReadMessage[];
}

/** Pieces of one message, to be read when all have come. */
interface Pieces {
  readonly pieces: number[];
}

function tagsOf({ item, number, shape }: FieldPlan): readonly number[] {
  if (shape === 'one') return [tagOf(number, item)];
  return shape === 'list' && isPackable(item) ? [bytesTag(number), tagOf(number, item)] : [bytesTag(number)];
}

function readField(field: FieldPlan, tag: number, before: unknown, place: Place): unknown {
  const { item, shape } = field;
  const { reader, end } = place;
  if (shape === 'map') return readEntry(field, (before ?? {}) as object, place);
  if (shape === 'one') return isPieced(item) ? addPiece(reader, end, before) : readItem(item, place, true);
  const items = (before ?? []) as unknown[];
  const push = (within: Place): void => {
    reader.count(1);
    items.push(readItem(item, within, false));
  };
  if (isPackable(item) && tag === bytesTag(field.number)) {
    const to = reader.open(end);
    while (reader.position < to) push({ ...place, end: to });
  } else push(place);
  return items;
}

function readEntry({ item }: FieldPlan, map: object, place: Place): object {
  const { reader, depth } = place;
  const within = { ...place, end: reader.open(place.end) };
  reader.count(1);
  let key = '';
  let value: unknown;
  while (reader.position < within.end) {
    const tag = reader.tag(within.end);
    if (tag === bytesTag(1)) key = reader.string(within.end);
    else if (tag !== tagOf(2, item)) reader.skip(tag, within.end, depth);
    else value = isPieced(item) ? addPiece(reader, within.end, value) : readItem(item, within, false);
  }
  if (isPieced(item) && value !== undefined) value = join(item, value as Pieces, within);
  else if (item.kind === 'message') value = readerOf(item, place)(reader, reader.position, depth + 1);
  reader.position = within.end;
  setEntry(map, key, value ?? zeroItem(item.kind));
  return map;
}

/** Puts what was read, or what stands for nothing having come, into the object. */
function settle(field: FieldPlan, read: unknown, value: Record<string, unknown>, place: Place): void {
  const whole =
    read !== undefined && field.shape === 'one' && isPieced(field.item)
      ? join(field.item, read as Pieces, place)
      : read;
  const settled = whole ?? (field.nullable && !field.optional ? null : zeroOf(field));
  if (settled !== undefined) setEntry(value, field.property, settled);
}

function isPieced({ kind }: ItemPlan): boolean {
  return kind === 'message' || kind === 'date';
}

function addPiece(reader: WireReader, end: number, before: unknown): Pieces {
  const { pieces } = (before as Pieces | undefined) ?? { pieces: [] };
  const to = reader.open(end);
  pieces.push(reader.position, to);
  reader.position = to;
  return { pieces };
}

function join(item: ItemPlan, { pieces }: Pieces, place: Place): unknown {
  const { reader, depth } = place;
  const read = readerOf(item, place);
  if (pieces.length > 2) return reader.merged(pieces, read, depth + 1);
  reader.position = pieces[0] as number;
  return read(reader, pieces[1] as number, depth + 1);
}

function readerOf(item: ItemPlan, { decoders }: Place): ReadMessage {
  return item.kind === 'message' ? (decoders[item.message] as ReadMessage) : readDate;
}

function readItem(item: ItemPlan, place: Place, isSingle: boolean): unknown {
  const { reader, end, depth } = place;
  switch (item.kind) {
    case 'message':
    case 'date':
      return readerOf(item, place)(reader, reader.open(end), depth + 1);
    case 'enum':
      return readEnum(reader.enum(end), item.texts, isSingle);
    default:
      return reader[item.kind](end);
  }
}
