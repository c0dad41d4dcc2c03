import { type ProtobufCodecOptions, protobufCodec } from '@tenon/codec-protobuf';
import type { FixtureFactory, TypedCodecFixture } from '@tenon/conformance';
import { type Codec, isProvider, type Provider, type Schema } from '@tenon/contract';
import { numbers, Sample } from './sample-class.js';
import { field, nestedEntries, nestedFields, nestedGroups, varint } from './wire.js';

/** The codec as an application gets it. */
export function createProtobufCodec(options?: ProtobufCodecOptions): Codec {
  return made(protobufCodec(options));
}

export const protobufFixtures = (options?: ProtobufCodecOptions): FixtureFactory<TypedCodecFixture> => ({
  create: () => fixtureOf(createProtobufCodec(options)),
});

function fixtureOf(codec: Codec): TypedCodecFixture {
  return {
    codec,
    schema: Sample as unknown as Schema<never>,
    loneSurrogates: 'replaced',
    nested: (levels) => [
      nestedFields(numbers.inner, levels - 1),
      nestedFields(numbers.list, levels - 1),
      nestedEntries(levels - 1),
      nestedGroups(levels - 1),
    ],
    overclaiming: overclaiming.map((hex) => Buffer.from(hex, 'hex')),
    withUnknownField: (bytes, text) =>
      Buffer.concat([bytes, field(1_000, 2, varint(Buffer.byteLength(text)), Buffer.from(text))]),
    dispose: async () => {},
  };
}

/** Texts, messages, packed numbers and bytes, of 4 GiB − 1, 2^35 and more than there is; and the same of an unknown field. */
const overclaiming = [
  '0affffffff0f',
  '0a8080808080017f',
  '0a0561',
  '3affffffff0f',
  '32ffffffff0f',
  '3210000000',
  '52ffffffff0f',
  '5affffffff0f',
  '5a02ff',
  '4a06320472',
  'c23effffffff0f',
  'c23e8080808080808080807f',
];

function made(provider: Provider<Codec>): Codec {
  if (!isProvider(provider)) throw new Error('no provider was made');
  return (provider.create as () => Codec)();
}
