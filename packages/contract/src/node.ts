import type { Metadata } from './metadata.js';

/**
 * One running address of a service.
 *
 * The same process appears as one node per service it offers; what its nodes share is the `tenon-instance` metadata.
 */
export interface Node {
  /** Opaque and unique within the service, for one run of the process: a restarted process has a new id. Empty where only an address is known. */
  readonly id: string;
  /** Where to dial it: `host:port`, or a name that one transport alone understands, such as `memory:…`. */
  readonly address: string;
  /** Pairs about the node. Reserved keys stand in {@link nodeMetadata}; any other is a label for filters. */
  readonly metadata: Metadata;
}

/** The metadata keys that mean something to Tenon or to go-micro. */
export const nodeMetadata = Object.freeze({
  /** go-micro's choice of client: `mucp` or `grpc`. */
  protocol: 'protocol',
  /** Tenon's transports at this address, best first, separated by commas: `tenon/1,http`. */
  protocols: 'tenon-protocols',
  /** The process that serves the node, the same for all its services; checked by transports that shake hands. */
  instance: 'tenon-instance',
});
