import { Codec, type CodecSession, type Decoder, type Encoder, type Provider, provide } from '@tenon/contract';
import { maxEnvelopeBytes, readEnvelope } from './proto-rpc-envelope.js';
import { maker, ProtobufCodec, type ProtobufCodecOptions } from './protobuf-codec.js';
import { refusal } from './refusal.js';

/**
 * go-micro's protobuf of old under `application/proto-rpc`: an envelope, then the message, each behind its length in four bytes.
 *
 * What the envelope may say (method, number, error) go-micro's header fields say too, and they win: it is written empty, and
 * what stands in one is passed over. Takes the options of {@link protobufCodec}.
 */
export function protoRpcCodec(options: ProtobufCodecOptions = {}): Provider<Codec> {
  const make = maker(options);
  return provide(Codec, [], () => {
    const { plans, session } = make();
    return new ProtobufCodec(['application/proto-rpc'], { plans, session: enveloped(session) });
  });
}

function enveloped(session: CodecSession): CodecSession {
  return Object.freeze({
    encoder: (schema) => writesEnvelope(session.encoder(schema)),
    decoder: (schema) => readsEnvelope(session.decoder(schema)),
  } satisfies CodecSession);
}

function writesEnvelope(encode: Encoder): Encoder {
  return (value, sink) => {
    sink.ensure(headBytes);
    const start = sink.position;
    sink.position = start + headBytes;
    encode(value, sink);
    sink.buffer.writeUInt32BE(0, start);
    sink.buffer.writeUInt32BE(sink.position - start - headBytes, start + 4);
  };
}

function readsEnvelope(decode: Decoder): Decoder {
  return (buffer, start, end) => {
    const envelope = block(buffer, start, end, 'envelope');
    if (envelope - start > maxEnvelopeBytes)
      throw refusal(`malformed proto-rpc: an envelope of more than ${maxEnvelopeBytes} bytes`);
    readEnvelope(buffer, start + lengthBytes, envelope);
    const message = block(buffer, envelope, end, 'message');
    if (message !== end) throw refusal('malformed proto-rpc: bytes behind the message');
    return decode(buffer, envelope + lengthBytes, message);
  };
}

/** The end of a block that begins with its length. */
function block(buffer: Uint8Array, start: number, end: number, what: string): number {
  const from = start + lengthBytes;
  if (from > end) throw refusal(`malformed proto-rpc: no ${what}`);
  const length = new DataView(buffer.buffer, buffer.byteOffset + start, lengthBytes).getUint32(0);
  if (length > end - from) throw refusal(`malformed proto-rpc: the ${what} is longer than what is there`);
  return from + length;
}

const lengthBytes = 4;
/** The lengths of an empty envelope and of the message. */
const headBytes = 2 * lengthBytes;
