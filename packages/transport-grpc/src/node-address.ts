import { type Node, nodeMetadata } from '@tenon/contract';
import { type HttpAddress, httpAddress } from '@tenon/http';

/**
 * Reads `host:port` and `[v6]:port`; undefined for anything else. `grpc://` may stand before it: no other transport takes the address
 * then.
 */
export function grpcAddress(address: string): HttpAddress | undefined {
  return httpAddress(address.replace(/^grpc:\/\//, ''));
}

/**
 * Whether a node speaks gRPC, judged by what it says about itself: a Tenon node that offers it, a go-micro node on its gRPC server,
 * or one that says nothing, which is how a direct address looks.
 */
export function speaksGrpc({ metadata }: Node): boolean {
  const protocols = metadata[nodeMetadata.protocols];
  if (protocols !== undefined) return protocols.split(',').some((protocol) => protocol.trim() === 'grpc');
  return metadata[nodeMetadata.protocol] === 'grpc' || Object.keys(metadata).length === 0;
}
