export { checkPolicy } from './call-checks.js';
export { callClient, replyValue } from './call-client.js';
export { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './client-options.js';
export type { SilenceOptions } from './silence-options.js';
