import { type Codec, type CodecCapabilities, type CodecSession, ServiceError } from '@tenon/contract';

/** The content type of a codec whose bytes nobody can read. Both sides have it. */
export const garbledType = 'application/x-conformance-garbled';

/** The content type of a codec that the calling side alone has. */
export const clientOnlyType = 'application/x-conformance-client-only';

/** A content type that neither side has. */
export const nobodysType = 'application/x-conformance-nobodys';

/** The codecs to give to the calling side of a {@link TransportFixture}. */
export function clientSideCodecs(codecs: readonly Codec[]): readonly Codec[] {
  return [...codecs, new GarbledCodec(garbledType), new GarbledCodec(clientOnlyType)];
}

/** The codecs to give to an answering side of a {@link TransportFixture}. */
export function serverSideCodecs(codecs: readonly Codec[]): readonly Codec[] {
  return [...codecs, new GarbledCodec(garbledType)];
}

/** Writes the same few bytes for every value, and refuses to read them. */
class GarbledCodec implements Codec {
  readonly aliases: readonly string[] = [];
  readonly capabilities: CodecCapabilities = { bytes: false, dates: false, bigints: false, nonFinite: false };

  constructor(readonly contentType: string) {}

  open(): CodecSession {
    return {
      encoder: () => (_value, sink) => {
        sink.ensure(3);
        sink.position += sink.buffer.write('\u0001?\u0002', sink.position, 'latin1');
      },
      decoder: () => () => {
        throw new ServiceError('InvalidArgument', 'garbled bytes', { executed: 'no' });
      },
    };
  }
}
