export { tls } from './tls.js';
export type { TlsOptions } from './tls-options.js';
