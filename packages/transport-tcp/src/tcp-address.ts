import { type Node, nodeMetadata } from '@tenon/contract';
import { protocolName } from './preamble.js';

/** Where to connect to. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` and `[v6]:port`; undefined for anything else. */
export function tcpAddress(address: string): TcpAddress | undefined {
  const parts = hostAndPort.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Whether a node says that it speaks tenon/1. Of a node without id and metadata only an address is known: it may. */
export function speaksTenon(node: Node): boolean {
  if (node.id === '' && Object.keys(node.metadata).length === 0) return true;
  const protocols = node.metadata[nodeMetadata.protocols];
  return protocols?.split(',').some((protocol) => protocol.trim() === protocolName) ?? false;
}

const hostAndPort = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;
