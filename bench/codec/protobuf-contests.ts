import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { protobufCodec } from '@tenon/codec-protobuf';
import type { Codec, Provider } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { protoFileOf } from '@tenon/protobuf';
import { RecordsMessage } from '../contestants/tenon/echo.js';
import type { Contest } from '../harness/side-by-side.js';
import { requests } from '../workload/payloads.js';
import { protobufMessage } from './protobuf-message.js';

const medium = requests.medium;
const session = ((protobufCodec() as Provider<Codec>).create as () => Codec)().open();
const [encode, decode] = [session.encoder(RecordsMessage), session.decoder(RecordsMessage)];
const sink = new BufferSink();
const bytes = written();

const protobufjs = protobufMessage();
const theirMessage = protobufjs.fromObject(medium);
const es = officialMessage();

/** protobuf by the class, 20 records, against the two libraries with the same messages and bytes. */
export const protobufContests: readonly Contest[] = [
  writing('protobufjs', () => protobufjs.encode(theirMessage).finish()),
  reading('protobufjs', () => protobufjs.decode(bytes)),
  writing('@bufbuild/protobuf', es.write),
  reading('@bufbuild/protobuf', es.read),
];

function writing(library: string, theirs: () => Uint8Array): Contest {
  return {
    name: `20 records written as protobuf, against ${library}`,
    bar: 1,
    ours: write,
    theirs,
    // protobufjs also writes zeros that were set, so the bytes may differ where their meaning does not.
    verify: () => {
      const [ours, other] = [bytes, theirs()];
      assert.deepEqual(decode(ours, 0, ours.length), decode(other, 0, other.length));
    },
  };
}

function reading(library: string, theirs: () => unknown): Contest {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)));
  return {
    name: `20 records read as protobuf, against ${library}`,
    bar: 1,
    ours: () => decode(bytes, 0, bytes.length),
    theirs,
    verify: () => {
      assert.deepEqual(plain(decode(bytes, 0, bytes.length)), plain(medium));
      const { items } = plain(theirs()) as { items: readonly Record<string, unknown>[] };
      // What was not on the wire is left out of JSON by protobufjs.
      assert.deepEqual(
        items.map(({ $typeName: _, ...item }) => ({ active: false, quantity: 0, ...item })),
        plain(medium.items),
      );
    },
  };
}

/** Into a sink that is kept, as transports have it. */
function write(): number {
  sink.position = 0;
  encode(medium, sink);
  return sink.position;
}

function written(): Buffer {
  encode(medium, sink);
  return sink.bytes();
}

interface ProtobufEs {
  create(desc: object, value: unknown): object;
  toBinary(desc: object, message: object): Uint8Array;
  fromBinary(desc: object, bytes: Uint8Array): unknown;
  createFileRegistry(file: object, resolve: () => undefined): { getMessage(name: string): object | undefined };
}

/** The peers' own protobuf-es, with the message as generated code would have it. */
function officialMessage(): { readonly write: () => Uint8Array; readonly read: () => unknown } {
  const peers = new URL('../../peers/package.json', import.meta.url);
  const library = createRequire(peers)('@bufbuild/protobuf') as ProtobufEs;
  const endpoint = { name: 'Echo.Records', kind: 'unary', request: RecordsMessage, response: RecordsMessage } as const;
  const registry = library.createFileRegistry(protoFileOf('echo', [endpoint]).descriptor, () => undefined);
  const desc = registry.getMessage('echo.RecordsMessage');
  if (desc === undefined) throw new Error('the descriptor has no RecordsMessage');
  const items = medium.items.map((item) => ({ ...item, id: BigInt(item.id), quantity: BigInt(item.quantity) }));
  const message = library.create(desc, { items });
  return { write: () => library.toBinary(desc, message), read: () => library.fromBinary(desc, bytes) };
}
