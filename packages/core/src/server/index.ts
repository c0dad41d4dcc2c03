export { callServer } from './call-server.js';
export type { ServerOptions } from './server-options.js';
