import { crc32 } from 'node:zlib';
import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import { type Codec, type CodecSession, type Provider } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { Packr, Unpackr } from 'msgpackr';
import { requests } from '../workload/payloads.js';
import { type Part, part } from './part.js';

/** Encoding and decoding by each codec, beside what plain msgpackr and JSON take for the same. */
export function codecParts(): readonly Part[] {
  return (['small', 'medium'] as const).flatMap((size) => {
    const value = requests[size];
    return [
      ...sessionParts('msgpack', size, opened(msgpackCodec(), false)),
      ...linkedParts(size),
      ...sessionParts('json', size, opened(jsonCodec(), false)),
      part(`encode ${size}`, 'msgpackr, plain', () => packr.pack(value)),
      part(`decode ${size}`, 'msgpackr, plain', plainDecoding(size)),
      part(`encode ${size}`, 'JSON.stringify to bytes', () => Buffer.from(JSON.stringify(value))),
      part(`decode ${size}`, 'JSON.parse of bytes', jsonDecoding(size)),
    ];
  });
}

/** What the checksum of a segment costs each side, in the clear. */
export function checksumParts(): readonly Part[] {
  return [64, 1_024, 16 * 1_024].map((bytes) => {
    const segment = Buffer.alloc(bytes, 'tenon');
    return part('checksum of a segment', `of ${bytes.toLocaleString('en-US')} bytes`, () => crc32(segment.subarray(8)));
  });
}

type Size = 'small' | 'medium';

function sessionParts(name: string, size: Size, session: CodecSession): readonly Part[] {
  const sink = new BufferSink();
  const [encode, decode] = [session.encoder(), session.decoder()];
  const value = requests[size];
  encode(value, sink);
  const bytes = sink.bytes();
  return [
    part(`encode ${size}`, `${name} codec`, () => {
      sink.reset();
      encode(value, sink);
      return sink.position;
    }),
    part(`decode ${size}`, `${name} codec`, () => decode(bytes, 0, bytes.length)),
  ];
}

/** The msgpack codec with state of the connection: names of fields are said once, and known from then on. */
function linkedParts(size: Size): readonly Part[] {
  const codec = (msgpackCodec() as Provider<Codec>).create();
  if (codec.links !== true) return [];
  const [writer, reader] = [codec.open({ linked: true }), codec.open({ linked: true })];
  const sink = new BufferSink();
  const [encode, decode] = [writer.encoder(), reader.decoder()];
  const value = requests[size];
  // Until there is nothing left to announce.
  for (let round = 0; round < 3; round += 1) {
    sink.reset();
    encode(value, sink);
    const said = writer.announce?.();
    if (said !== undefined) reader.learn?.(said, 0, said.length);
  }
  const bytes = sink.bytes();
  return [
    part(`encode ${size}`, 'msgpack codec, linked', () => {
      sink.reset();
      encode(value, sink);
      return sink.position;
    }),
    part(`decode ${size}`, 'msgpack codec, linked', () => decode(bytes, 0, bytes.length)),
  ];
}

function opened(provider: Provider<Codec>, linked: boolean): CodecSession {
  return provider.create().open({ linked });
}

function plainDecoding(size: Size): () => unknown {
  const bytes = packr.pack(requests[size]);
  return () => unpackr.unpack(bytes);
}

function jsonDecoding(size: Size): () => unknown {
  const bytes = Buffer.from(JSON.stringify(requests[size]));
  return () => JSON.parse(bytes.toString());
}

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
