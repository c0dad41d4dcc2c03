import { type Node, nodeMetadata } from '@tenon/contract';

/** Where to connect to. */
export interface GrpcAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port` and `[v6]:port`; undefined for anything else. `grpc://` may stand before it: no other transport takes the address
 * then.
 */
export function grpcAddress(address: string): GrpcAddress | undefined {
  const parts = form.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** As it stands in a URL. */
export function hostAndPort({ host, port }: GrpcAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
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

const form = /^(?:grpc:\/\/)?(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/;
