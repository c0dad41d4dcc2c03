export * from './client/index.js';
export * from './context/index.js';
export { type LocalValues, localServices } from './local/index.js';
export * from './port/index.js';
export type { RetryOptions } from './resilience/retry-options.js';
export * from './selector/index.js';
export * from './server/index.js';
export * from './tls/index.js';
