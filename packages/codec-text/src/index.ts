export { textCodec } from './text-codec.js';
