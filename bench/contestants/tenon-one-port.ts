import { grpcTransport } from '@tenon/transport-grpc';
import { tcpTransport } from '@tenon/transport-tcp';
import { httpTransport } from 'tenon';
import type { Handlers } from '../workload/handlers.js';
import type { Small } from '../workload/payloads.js';
import type { Serving } from './contestant.js';
import { serveTenon } from './tenon/tenon.js';

// A server that answers tenon/1, HTTP/1.1, HTTP/2 in the clear and gRPC on its one port. Its clients are other contestants' halves. Each
// call computes a little, so that the server has less time than its clients ask for: they have one processor for four processes. It turns
// nobody away for that.

export const serve = (handlers: Handlers): Promise<Serving> =>
  serveTenon({ ...handlers, small: computing(handlers) }, tcpTransport(), [httpTransport(), grpcTransport()], {
    queue: { maxCalls: 100_000, targetMs: 10_000, intervalMs: 60_000 },
  });

function computing({ small }: Handlers): (request: Small) => Small {
  return (request) => {
    const until = performance.now() + workMs;
    while (performance.now() < until);
    return small(request);
  };
}

const workMs = 0.05;
