export * from './messages.js';
export { type ProtoFile, type ProtoFileOptions, protoFileOf, protoFileOfRecord } from './proto-file.js';
