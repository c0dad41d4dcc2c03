import { ServiceError } from '@tenon/contract';

/** One field of a message: its number, and a varint or bytes. */
export type ProtoField =
  | { readonly number: number; readonly varint: bigint }
  | { readonly number: number; readonly bytes: Buffer };

/** Writes fields in the order given. */
export function writeProto(fields: readonly ProtoField[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      if ('varint' in field) return [varint(BigInt(field.number << 3)), varint(field.varint)];
      return [varint(BigInt((field.number << 3) | 2)), varint(BigInt(field.bytes.length)), field.bytes];
    }),
  );
}

/** Reads all fields; those of fixed length are passed over. Throws `DataLoss` at what is no protobuf. */
export function readProto(bytes: Buffer): readonly ProtoField[] {
  const fields: ProtoField[] = [];
  let position = 0;
  const next = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position];
      if (byte === undefined) throw malformedProto();
      position += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformedProto();
  };
  const skip = (count: number): Buffer => {
    if (count > bytes.length - position) throw malformedProto();
    position += count;
    return bytes.subarray(position - count, position);
  };
  while (position < bytes.length) {
    const tag = next();
    const number = Number(tag >> 3n);
    const kind = Number(tag & 7n);
    if (number < 1 || number > 0x1fffffff) throw malformedProto();
    if (kind === 0) fields.push({ number, varint: next() });
    else if (kind === 2) fields.push({ number, bytes: skip(Number(next())) });
    else if (kind === 1 || kind === 5) skip(kind === 1 ? 8 : 4);
    else throw malformedProto();
  }
  return fields;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function malformedProto(): ServiceError {
  return ServiceError.refusal('DataLoss', 'a gossip message is no protobuf', { executed: 'no' });
}
