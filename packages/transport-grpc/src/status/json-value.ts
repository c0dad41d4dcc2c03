import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';

/** Plain data as `google.protobuf.Value`, as JSON would say it: dates are texts, what JSON leaves out is left out. */
export function writeValue(value: unknown): Uint8Array {
  return toBinary(ValueSchema, fromJson(ValueSchema, JSON.parse(JSON.stringify(value)) as JsonValue));
}

/** @throws Error for bytes that are no such message. */
export function readValue(bytes: Uint8Array): unknown {
  return toJson(ValueSchema, fromBinary(ValueSchema, bytes));
}
