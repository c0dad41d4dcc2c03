export type { GeneratedMessages } from './generated-schema.js';
export { type ProtobufCodecOptions, protobufCodec } from './protobuf-codec.js';
