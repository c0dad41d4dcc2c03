import { type Codec, type CodecCapabilities, type CodecSession, ServiceError, type Sink } from '@tenon/contract';

/** The content type of a codec whose bytes nobody can read. Both sides have it. */
export const garbledType = 'application/x-conformance-garbled';

/** The content type of a codec that writes {@link garbledValue} as bytes that nobody can read, and all else as JSON. */
export const partlyGarbledType = 'application/x-conformance-partly-garbled';

/** What cannot be read back where it is written as {@link partlyGarbledType}. */
export const garbledValue = 'garble me';

/** The content type of a codec that the calling side alone has. */
export const clientOnlyType = 'application/x-conformance-client-only';

/** A content type that neither side has. */
export const nobodysType = 'application/x-conformance-nobodys';

/** The codecs to give to the calling side of a {@link TransportFixture}. */
export function clientSideCodecs(codecs: readonly Codec[]): readonly Codec[] {
  return [...serverSideCodecs(codecs), new GarbledCodec(clientOnlyType)];
}

/** The codecs to give to an answering side of a {@link TransportFixture}. */
export function serverSideCodecs(codecs: readonly Codec[]): readonly Codec[] {
  return [...codecs, new GarbledCodec(garbledType), new PartlyGarbledCodec()];
}

/** Writes the same few bytes for every value, and refuses to read them. */
class GarbledCodec implements Codec {
  readonly aliases: readonly string[] = [];
  readonly capabilities = noCapabilities;

  constructor(readonly contentType: string) {}

  open(): CodecSession {
    return {
      encoder: () => (_value, sink) => {
        write(garbledText, sink);
      },
      decoder: () => () => {
        throw garbled();
      },
    };
  }
}

class PartlyGarbledCodec implements Codec {
  readonly contentType = partlyGarbledType;
  readonly aliases: readonly string[] = [];
  readonly capabilities = noCapabilities;

  open(): CodecSession {
    return {
      encoder: () => (value, sink) => {
        write(value === garbledValue ? garbledText : JSON.stringify(value ?? null, withoutFunctions), sink);
      },
      decoder: () => (buffer, start, end) => {
        const text = Buffer.from(buffer.subarray(start, end)).toString();
        if (text === garbledText) throw garbled();
        return JSON.parse(text);
      },
    };
  }
}

const noCapabilities: CodecCapabilities = { bytes: false, dates: false, bigints: false, nonFinite: false };

const garbledText = '\u0001?\u0002';

function write(text: string, sink: Sink): void {
  sink.ensure(Buffer.byteLength(text));
  sink.position += sink.buffer.write(text, sink.position);
}

function garbled(): ServiceError {
  return new ServiceError('InvalidArgument', 'garbled bytes', { executed: 'no' });
}

function withoutFunctions(key: string, value: unknown): unknown {
  if (typeof value !== 'function') return value;
  throw new ServiceError('InvalidArgument', `${key} is a function`, { executed: 'no' });
}
