import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { file_google_protobuf_empty, file_google_protobuf_timestamp, type Timestamp } from '@bufbuild/protobuf/wkt';
import { type ProtoFile, protoFileOf } from '@tenon/protobuf';
import { Sample } from './sample-class.js';

/** The .proto that is derived from the class of samples. */
export function sampleFile(): ProtoFile {
  return protoFileOf('samples', [{ name: 'Samples.Take', kind: 'unary', request: Sample }]);
}

/** The message of samples as @bufbuild/protobuf knows it by that .proto, as it would be in generated code. */
export function sampleDescriptor(): DescMessage {
  const known = [file_google_protobuf_empty, file_google_protobuf_timestamp];
  const registry = createFileRegistry(sampleFile().descriptor, (name) =>
    known.find(({ proto }) => proto.name === name),
  );
  const desc = registry.getMessage('samples.Sample');
  if (desc === undefined) throw new Error('the descriptor has no samples.Sample');
  return desc;
}

type Plain = Readonly<Record<string, unknown>>;

/** What @bufbuild/protobuf writes for a sample. */
export function officialBytes(desc: DescMessage, sample: Sample): Uint8Array {
  return toBinary(desc, create(desc, toOfficial(sample) as never));
}

/** What @bufbuild/protobuf reads. */
export function officialSample(desc: DescMessage, bytes: Uint8Array): Plain {
  return fromOfficial(fromBinary(desc, bytes) as unknown as Plain);
}

function toOfficial({ whole, list, choice, inner, entries, at, ...rest }: Sample): Plain {
  return {
    ...rest,
    whole: BigInt(whole),
    list: list.map(toOfficial),
    ...(choice === undefined ? {} : { choice: choice === 'red' ? 1 : 2 }),
    ...(inner === undefined ? {} : { inner: toOfficial(inner) }),
    ...(entries === undefined ? {} : { entries: mapValues(entries as never, toOfficial) }),
    ...(at === undefined ? {} : { at: timestampOf(at) }),
  };
}

function fromOfficial(message: Plain): Plain {
  const { $typeName: _, whole, list, choice, inner, entries, at, bytes, ...rest } = message;
  const nested = mapValues(entries as Readonly<Record<string, Plain>>, fromOfficial);
  return {
    ...rest,
    whole: Number(whole),
    list: (list as readonly Plain[]).map(fromOfficial),
    ...(choice === undefined || choice === 0 ? {} : { choice: choice === 1 ? 'red' : 'dark green' }),
    ...(inner === undefined ? {} : { inner: fromOfficial(inner as Plain) }),
    ...(Object.keys(nested).length === 0 ? {} : { entries: nested }),
    ...(at === undefined ? {} : { at: dateOf(at as Timestamp) }),
    ...(bytes === undefined ? {} : { bytes: new Uint8Array(bytes as Uint8Array) }),
  };
}

function timestampOf(date: Date): { readonly seconds: bigint; readonly nanos: number } {
  const seconds = Math.floor(date.getTime() / 1_000);
  return { seconds: BigInt(seconds), nanos: (date.getTime() - seconds * 1_000) * 1_000_000 };
}

function dateOf({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1_000 + nanos / 1_000_000);
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
