import { type MsgpackCodecOptions, msgpackCodec } from '@tenon/codec-msgpack';
import type { CodecFixture, FixtureFactory } from '@tenon/conformance';
import { type Codec, isProvider } from '@tenon/contract';

/** The codec as an application gets it. */
export function createMsgpackCodec(options?: MsgpackCodecOptions): Codec {
  const provider = msgpackCodec(options);
  if (!isProvider(provider)) throw new Error('msgpackCodec() made no provider');
  return (provider.create as () => Codec)();
}

export const msgpackFixtures: FixtureFactory<CodecFixture> = {
  create: () => ({
    codec: createMsgpackCodec(),
    loneSurrogates: 'replaced',
    nested: (levels) => containers.map((opening) => nested(opening, levels)),
    overclaiming,
    dispose: async () => {},
  }),
};

/** The bytes that open each kind of container around one value. */
const containers = ['91', 'dc0001', 'dd00000001', '81a161', 'de0001a161', 'df00000001a161'];

/** Containers inside each other, around `nil`. */
export function nested(openingHex: string, levels: number): Buffer {
  const opening = Buffer.from(openingHex, 'hex');
  return Buffer.concat([Buffer.alloc(opening.length * levels, opening), Buffer.from([0xc0])]);
}

/** Every length field of the format, at its largest and at one more than what follows. */
export const overclaiming: readonly Buffer[] = [
  ...['dd', 'df', 'db', 'c6', 'c9'].flatMap((first) =>
    ['ffffffff', '00ffffff', '7fffffff', '80000000', '00000002'].map((length) => `${first}${length}`),
  ),
  ...['dc', 'de', 'da', 'c5', 'c8'].flatMap((first) => ['ffff', '0002'].map((length) => `${first}${length}`)),
  ...['d9', 'c4', 'c7'].flatMap((first) => ['ff', '02'].map((length) => `${first}${length}`)),
  ...['9f', '8f', '92', '82', 'bf', 'a2', 'd7', 'd6', 'cf', 'cb', 'ce', 'cd', 'cc'],
  // Arrays that each fit what is left, but not together: 21 bytes that one popular decoder turns into 134 MB.
  `dd00ffffff${'00'.repeat(16)}`,
  'dd00000010'.repeat(4).concat('00'),
].map((hex) => Buffer.from(`${hex}`, 'hex'));
