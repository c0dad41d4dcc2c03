export { type CompiledCodecOptions, compiledCodec } from './compiled-codec.js';
