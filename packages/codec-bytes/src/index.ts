export { bytesCodec } from './bytes-codec.js';
