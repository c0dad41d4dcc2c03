export { callClient, replyValue } from './call-client.js';
export type { ClientOptions } from './client-options.js';
