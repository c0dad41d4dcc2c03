export type { HttpOptions } from './http-options.js';
export { httpTransport } from './http-transport.js';
