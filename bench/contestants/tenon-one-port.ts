import { grpcTransport } from '@tenon/transport-grpc';
import { tcpTransport } from '@tenon/transport-tcp';
import { httpTransport } from 'tenon';
import type { Handlers } from '../workload/handlers.js';
import type { Serving } from './contestant.js';
import { serveTenon } from './tenon/tenon.js';

// A server that answers tenon/1, HTTP/1.1, HTTP/2 in the clear and gRPC on its one port. Its clients are other contestants' halves.

export const serve = (handlers: Handlers): Promise<Serving> =>
  serveTenon(handlers, tcpTransport(), [httpTransport(), grpcTransport()]);
