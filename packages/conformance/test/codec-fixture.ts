import { jsonCodec } from '@tenon/codec-json';
import type { CodecFixture, FixtureFactory } from '@tenon/conformance';
import type { Codec, Decoder, Encoder } from '@tenon/contract';
import { richDecoder, richEncoder } from './rich-codec.js';

/** What a broken codec does otherwise. */
export interface BrokenCodec {
  readonly encode?: Encoder;
  readonly decode?: Decoder;
  /** Made anew for each session, instead of `encode` and `decode`. */
  readonly session?: () => { readonly encode: Encoder; readonly decode: Decoder };
  readonly contentType?: string;
  readonly aliases?: readonly string[];
}

/** Breaks a codec that works. */
export type BreakCodec = (encode: Encoder, decode: Decoder) => BrokenCodec;

/** JSON: none of the capabilities. */
export function jsonFixtures(broken: BreakCodec = () => ({}), fields: Partial<CodecFixture> = {}) {
  return codecFixtures(goodJson(), { bytes: false, dates: false, bigints: false, nonFinite: false }, broken, fields);
}

/** JSON with tags for what it lacks: all of the capabilities. */
export function richFixtures(broken: BreakCodec = () => ({})) {
  const json = goodJson();
  const rich = { encode: richEncoder(json.encode), decode: richDecoder(json.decode) };
  return codecFixtures(rich, { bytes: true, dates: true, bigints: true, nonFinite: true }, broken, {});
}

/** The two halves of the JSON codec. */
export function goodJson(maxDepth?: number): { readonly encode: Encoder; readonly decode: Decoder } {
  const session = (jsonCodec({ maxDepth }).create as () => Codec)().open();
  return { encode: session.encoder(), decode: session.decoder() };
}

function codecFixtures(
  good: { readonly encode: Encoder; readonly decode: Decoder },
  capabilities: Codec['capabilities'],
  breakIt: BreakCodec,
  fields: Partial<CodecFixture>,
): FixtureFactory<CodecFixture> {
  return {
    create() {
      const broken = breakIt(good.encode, good.decode);
      const codec: Codec = {
        contentType: broken.contentType ?? 'application/json',
        aliases: broken.aliases ?? ['text/json'],
        capabilities,
        open() {
          const { encode, decode } = broken.session?.() ?? broken;
          return { encoder: () => encode ?? good.encode, decoder: () => decode ?? good.decode };
        },
      };
      return {
        codec,
        loneSurrogates: 'kept',
        textOfBytes: (bytes) => Buffer.from(bytes).toString('base64'),
        nested: (levels) => [
          Buffer.from('['.repeat(levels) + ']'.repeat(levels)),
          Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`),
        ],
        overclaiming: [],
        ...fields,
        dispose: async () => {},
      };
    },
  };
}
