import { type NarrowCodecFixture, narrowCodecCases } from '@tenon/conformance';
import { type Codec, type Decoder, type Encoder, ServiceError } from '@tenon/contract';
import { type Mutant, proveCases } from './mutants/prove-cases.js';

/** Bytes as they are. */
const goodEncode: Encoder = (value, sink) => {
  if (value === undefined) return;
  if (!(value instanceof Uint8Array)) throw new ServiceError('InvalidArgument', 'no bytes', { executed: 'no' });
  sink.ensure(value.length);
  sink.buffer.set(value, sink.position);
  sink.position += value.length;
};
const goodDecode: Decoder = (buffer, start, end) => Buffer.from(buffer.subarray(start, end));

proveCases('codec of one kind of value', narrowCodecCases, fixtures(), [
  mutant('every value of the one kind comes back as it was', 'long values lose their last byte', {
    decode: (buffer, start, end) => goodDecode(buffer, start, end - start > 1_000 ? end - 1 : end),
  }),
  mutant('nothing is written for undefined, and nothing is read as the empty value', 'undefined is refused', {
    encode: (value, sink) => {
      if (value === undefined) throw new ServiceError('InvalidArgument', 'undefined', { executed: 'no' });
      goodEncode(value, sink);
    },
  }),
  mutant('any other kind of value is refused as bad input', 'text is written as well', {
    encode: (value, sink) => goodEncode(typeof value === 'string' ? Buffer.from(value) : value, sink),
  }),
  mutant('the decoder reads neither before its start nor past its end', 'it forgets where a view begins', {
    decode: (buffer, start, end) => Buffer.from(new Uint8Array(buffer.buffer).subarray(start, end)),
  }),
  mutant('the decoded value keeps no reference to the buffer', 'it hands out a part of the buffer', {
    decode: (buffer, start, end) => buffer.subarray(start, end),
  }),
  mutant(
    'the encoder writes at the position, keeps what is before it, and honours the limit to the byte',
    'it begins at the front',
    {
      encode: (value, sink) => {
        sink.position = 0;
        goodEncode(value, sink);
      },
    },
  ),
  mutant(
    'random bytes are refused or are a value that is written as they were, and no error repeats them',
    'it throws what is no refusal',
    {
      decode: (buffer, start, end) => {
        if ((buffer[start] ?? 0) > 250) throw new TypeError('odd');
        return goodDecode(buffer, start, end);
      },
    },
  ),
]);

function mutant(
  caughtBy: string,
  fault: string,
  broken: { readonly encode?: Encoder; readonly decode?: Decoder },
): Mutant<NarrowCodecFixture> {
  return { caughtBy, fault, fixtures: fixtures(broken) };
}

function fixtures({
  encode = goodEncode,
  decode = goodDecode,
}: {
  readonly encode?: Encoder;
  readonly decode?: Decoder;
} = {}) {
  const codec: Codec = {
    contentType: 'application/octet-stream',
    aliases: [],
    capabilities: { only: 'bytes', bytes: true, dates: false, bigints: false, nonFinite: false },
    open: () => ({ encoder: () => encode, decoder: () => decode }),
  };
  return { create: () => ({ codec, dispose: async () => {} }) };
}
