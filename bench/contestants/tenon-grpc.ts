import { grpcTransport } from '@tenon/transport-grpc';
import type { Handlers } from '../workload/handlers.js';
import type { Connected, Serving } from './contestant.js';
import { connectTenon, serveTenon } from './tenon/tenon.js';

// Tenon over gRPC in the clear, in protobuf as grpc-js speaks it. It gets no invalid requests: what they are has no form in protobuf,
// so that they would never leave.

// As grpc-js does: Node's HTTP/2 is what settles.
export const startsSlowly = true;
export const serve = (handlers: Handlers): Promise<Serving> => serveTenon(handlers, grpcTransport());
export const connect = (address: string): Promise<Connected> => connectTenon(address, transport());

const transport = () => grpcTransport({ contentType: 'application/protobuf' });
