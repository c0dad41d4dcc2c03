export type { GeneratedMessages } from './generated-schema.js';
export { protoRpcCodec } from './proto-rpc-codec.js';
export { type ProtobufCodecOptions, protobufCodec } from './protobuf-codec.js';
