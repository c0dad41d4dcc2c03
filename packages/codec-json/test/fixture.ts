import { type JsonCodecOptions, jsonCodec } from '@tenon/codec-json';
import type { CodecFixture, FixtureFactory } from '@tenon/conformance';
import { type Codec, isProvider } from '@tenon/contract';

/** The codec as an application gets it. */
export function createJsonCodec(options?: JsonCodecOptions): Codec {
  const provider = jsonCodec(options);
  if (!isProvider(provider)) throw new Error('jsonCodec() made no provider');
  return (provider.create as () => Codec)();
}

export const jsonFixtures: FixtureFactory<CodecFixture> = {
  create: () => ({
    codec: createJsonCodec(),
    loneSurrogates: 'kept',
    textOfBytes: (bytes) => Buffer.from(bytes).toString('base64'),
    nested: (levels) => [
      Buffer.from('['.repeat(levels) + ']'.repeat(levels)),
      Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`),
    ],
    overclaiming: [],
    dispose: async () => {},
  }),
};
