/** What is compared. */
export type Measure =
  /** Operations a second of ours to theirs, or CPU time of theirs to ours (client and server together): the better of the two. */
  | { readonly of: 'throughput'; readonly atLeast: number }
  /** CPU time of an operation, client and server together, of ours to theirs. */
  | { readonly of: 'cpu'; readonly atMost: number }
  /** Latency of ours to theirs. */
  | { readonly of: 'p50' | 'p99'; readonly atMost: number }
  /** The time until all was open, of ours to theirs, or the CPU time for it: the better of the two. */
  | { readonly of: 'set-up'; readonly atMost: number }
  /** Live memory for each connection or stream beyond theirs (beyond nothing where `theirs` is empty), on each side. */
  | { readonly of: 'memory'; readonly atMostBytes: number }
  /** Live memory over time of ours, and handles after closing. */
  | { readonly of: 'flat' };

/** What Tenon must reach in a cell. */
export interface Bar {
  readonly cell: string;
  readonly ours: string;
  /** Several: the best of them in that run. */
  readonly theirs: readonly string[];
  readonly measure: Measure;
}

const tenon = 'tenon-tcp';
const fastPeers = ['nest-tcp', 'nest-nats', 'moleculer-tcp', 'moleculer-nats'];

/** The bars of the project, as data. */
export const bars: readonly Bar[] = [
  throughput('small@64', tenon, ['floor'], 0.85),
  { cell: 'small@64', ours: tenon, theirs: ['floor'], measure: { of: 'cpu', atMost: 1.3 } },
  throughput('small@64', tenon, ['nest-tcp'], 8),
  throughput('small@64', tenon, ['moleculer-tcp'], 6),
  throughput('small@64', tenon, ['grpc-js'], 40),
  throughput('small@64', tenon, ['nats-raw'], 6),
  { cell: 'small@1', ours: tenon, theirs: ['floor'], measure: { of: 'p50', atMost: 1.35 } },
  throughput('medium@64', tenon, ['floor'], 4),
  throughput('medium@64', tenon, fastPeers, 5),
  throughput('medium@64', tenon, ['grpc-js'], 25),
  throughput('large@16', tenon, [...fastPeers, 'fastify'], 4),
  { cell: 'small beside large', ours: `${tenon} beside`, theirs: [tenon], measure: { of: 'p99', atMost: 3 } },
  throughput('server-stream', tenon, ['grpc-js'], 3),
  throughput('ping-pong@64', tenon, ['grpc-js'], 5),
  throughput('http-json@64', 'tenon-http1', ['node-http'], 0.9),
  throughput('http-json@64', 'tenon-http1', ['fastify'], 1),
  throughput('grpc-small@64', 'tenon-grpc', ['grpc-js'], 0.9),
  throughput('grpc-medium@64', 'tenon-grpc', ['grpc-js'], 0.9),
  throughput('local@1', 'tenon-local', ['moleculer-local'], 1),
  throughput('local@64', 'tenon-local', ['moleculer-local'], 1),
  { cell: 'connections', ours: tenon, theirs: ['raw-tcp'], measure: { of: 'memory', atMostBytes: 8 * 1_024 } },
  { cell: 'connections', ours: tenon, theirs: ['floor'], measure: { of: 'set-up', atMost: 3 } },
  { cell: 'streams-on-one', ours: tenon, theirs: [], measure: { of: 'memory', atMostBytes: 8 * 1_024 } },
  { cell: 'streams-on-one', ours: tenon, theirs: ['floor'], measure: { of: 'set-up', atMost: 3 } },
  { cell: 'soak', ours: tenon, theirs: [], measure: { of: 'flat' } },
];

function throughput(cell: string, ours: string, theirs: readonly string[], atLeast: number): Bar {
  return { cell, ours, theirs, measure: { of: 'throughput', atLeast } };
}
