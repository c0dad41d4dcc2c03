export type { TcpOptions } from './tcp-options.js';
export { tcpTransport } from './tcp-transport.js';
