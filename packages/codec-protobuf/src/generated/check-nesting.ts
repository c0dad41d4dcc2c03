import type { DescMessage } from '@bufbuild/protobuf';
import { WireReader } from '../engine/wire-reader.js';
import { wireType } from '../engine/wire-type.js';

/**
 * Refuses bytes of a generated message that nest deeper, or hold more messages, than one may, before @bufbuild/protobuf reads
 * them: it makes an object of every two bytes that say so.
 *
 * @throws ServiceError `InvalidArgument`
 */
export function checkNesting(desc: DescMessage, bytes: Uint8Array): void {
  checkMessage(desc, new WireReader(bytes, 0), bytes.length, 1, undefined);
}

/** @param group - the number of the field, where the message ends with the end of a group. */
function checkMessage(
  desc: DescMessage,
  reader: WireReader,
  end: number,
  depth: number,
  group: number | undefined,
): void {
  reader.enter(desc.fields.length + 1, depth);
  while (reader.position < end) {
    const tag = reader.tag(end);
    const [number, type] = [tag >>> 3, tag & 7];
    if (type === wireType.groupEnd && number === group) return;
    const field = desc.fields.find((one) => one.number === number);
    const message = field?.message;
    if (message === undefined || (type !== wireType.bytes && type !== wireType.group)) reader.skip(tag, end, depth);
    else if (type === wireType.group) checkMessage(message, reader, end, depth + 1, number);
    else if (field?.fieldKind === 'map') checkEntry(message, reader, reader.open(end), depth);
    else checkMessage(message, reader, reader.open(end), depth + 1, undefined);
  }
  if (group !== undefined) throw reader.refused('a group without an end');
}

/** The entry of a map: its value is the second field. */
function checkEntry(message: DescMessage, reader: WireReader, end: number, depth: number): void {
  reader.count(1);
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x12) checkMessage(message, reader, reader.open(end), depth + 1, undefined);
    else reader.skip(tag, end, depth);
  }
}
