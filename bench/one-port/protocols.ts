import { fileURLToPath } from 'node:url';

/** Who speaks a protocol to the port. */
export interface Protocol {
  readonly name: string;
  /** The contestant whose client half speaks it. */
  readonly module: string;
}

export const protocols: readonly Protocol[] = [
  { name: 'tenon/1', module: contestant('tenon-tcp') },
  { name: 'HTTP/1.1', module: contestant('tenon-http1') },
  { name: 'HTTP/2', module: contestant('json-over-http2') },
  { name: 'gRPC', module: contestant('tenon-grpc') },
];

export const onePort = contestant('tenon-one-port');

function contestant(name: string): string {
  return fileURLToPath(new URL(`../contestants/${name}.js`, import.meta.url));
}
