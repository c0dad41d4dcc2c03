export type { GrpcOptions } from './grpc-options.js';
export { grpcTransport } from './grpc-transport.js';
